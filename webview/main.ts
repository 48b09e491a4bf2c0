/** Entry of the webview: connects to the extension host, then draws what it says. */
import { View, type ViewState } from '../src/protocol';
import { AssetSearchApp, type AppHost } from './app';
import { HostConnection, type VsCodeApi } from './connection';
import { createTranslate } from './localize';
import { documentStyles } from './theme';
import { registerToolkit } from './toolkit';

declare function acquireVsCodeApi(): VsCodeApi;

async function start(): Promise<void> {
  registerToolkit();
  document.adoptedStyleSheets.push(documentStyles.styleSheet!);
  const kind = document.body.dataset.kind === 'panel' ? 'panel' : 'sidebar';
  const api = acquireVsCodeApi();
  const connection = new HostConnection(api, window);
  const app = new AssetSearchApp();
  connection.onNotification(View.statusChanged, status => app.showStatus(status));
  connection.onNotification(View.show, params => app.show(params));
  connection.onNotification(View.assetsChanged, () => app.assetsChanged());
  connection.listen();
  const ready = await connection.request(View.ready, { kind });
  const host: AppHost = {
    request: (type, params, token) => connection.request(type, params, token),
    remember: state => {
      // Twice: VS Code's copy survives a reload of the window, the host's one closing the panel.
      api.setState(state);
      connection.notify(View.saveState, state);
    },
  };
  app.t = createTranslate(ready.strings, document.documentElement.lang || undefined);
  app.host = host;
  app.kind = kind;
  app.status = ready.status;
  app.restored = ready.state ?? api.getState() as ViewState | undefined;
  document.body.append(app);
}

void start();
