// Opens the webview with a mock host for work on the looks: `node webview/dev/serve.mjs`, then open the printed address in a browser.
import { startDevServer } from './devServer.mjs';

const { url } = await startDevServer({ port: 4173 });
console.log(`${url}?kind=panel&theme=dark&scenario=ready   (kind: sidebar, panel, status; theme: dark, light, hc, hcLight; scenario: see mockHost.ts)`);
