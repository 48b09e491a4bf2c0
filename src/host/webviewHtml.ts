/** The page of a webview: a strict content security policy, our bundle and the icon font, nothing inline. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export function webviewHtml(webview: vscode.Webview, extensionUri: vscode.Uri, kind: 'sidebar' | 'panel' | 'status'): string {
  const nonce = randomBytes(16).toString('base64');
  const dist = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', file)).toString();
  // blob: is a pasted or dropped query picture, data: the toolkit's cursor images.
  const policy = [
    `default-src 'none'`,
    `img-src ${webview.cspSource} blob: data:`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
  <meta charset="UTF-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1.0">
  <meta property="csp-nonce" content="${nonce}">
  <link id="vscode-codicon-stylesheet" rel="stylesheet" nonce="${nonce}" href="${dist('codicon.css')}">
  <title>Asset Search</title>
</head>
<body data-kind="${kind}">
  <script nonce="${nonce}" src="${dist('webview.js')}"></script>
</body>
</html>`;
}
