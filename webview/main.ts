/** Entry of the webview: connects to the extension host, then draws what it says. */
import { View, type ViewState } from '../src/protocol';
import { AssetSearchApp, type AppHost } from './app';
import { HostConnection, type VsCodeApi } from './connection';
import { createTranslate } from './localize';
import { StatusPage } from './statusPage';
import { documentStyles } from './theme';
import { registerToolkit } from './toolkit';

declare function acquireVsCodeApi(): VsCodeApi;

async function start(): Promise<void> {
  registerToolkit();
  document.adoptedStyleSheets.push(documentStyles.styleSheet!);
  const api = acquireVsCodeApi();
  const connection = new HostConnection(api, window);
  const { kind } = document.body.dataset;
  if (kind === 'status') { await startStatusPage(connection); } else { await startApp(kind === 'panel' ? 'panel' : 'sidebar', api, connection); }
}

async function startStatusPage(connection: HostConnection): Promise<void> {
  const page = new StatusPage();
  connection.onNotification(View.statusChanged, status => page.showStatus(status));
  connection.onNotification(View.detailsChanged, () => page.detailsChanged());
  connection.onNotification(View.showSection, ({ section }) => void page.showSection(section));
  connection.listen();
  const ready = await connection.request(View.ready, { kind: 'status' });
  page.t = createTranslate(ready.strings, document.documentElement.lang || undefined);
  page.host = connection;
  page.status = ready.status;
  document.body.append(page);
}

async function startApp(kind: 'sidebar' | 'panel', api: VsCodeApi, connection: HostConnection): Promise<void> {
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
