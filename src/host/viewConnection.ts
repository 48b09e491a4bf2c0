/** JSON-RPC between the extension host and one webview, over postMessage; a webview that loads anew gets a connection of its own. */
import * as vscode from 'vscode';
import { AbstractMessageReader, AbstractMessageWriter, createMessageConnection, Message, type CancellationToken, type DataCallback, type MessageConnection, type MessageReader, type MessageWriter, Disposable } from 'vscode-jsonrpc/node';
import { View, type Notification, type Request } from '../protocol';
import { toErrorInfo, toResponseError } from './errors';
import type { Log } from './log';

class WebviewReader extends AbstractMessageReader implements MessageReader {
  #callback: DataCallback | undefined;

  listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    return Disposable.create(() => { this.#callback = undefined; });
  }

  deliver(message: Message): void { this.#callback?.(message); }
}

class WebviewWriter extends AbstractMessageWriter implements MessageWriter {
  #webview: vscode.Webview | undefined;

  constructor(webview: vscode.Webview) { super(); this.#webview = webview; }

  async write(message: Message): Promise<void> {
    await this.#webview?.postMessage(message);
  }

  end(): void { this.#webview = undefined; }

  /** A late reply to a page that is gone must not reach the page that came after it, whose request numbers start anew. */
  override dispose(): void { this.end(); super.dispose(); }
}

type Handler<P, R> = (params: P, token: vscode.CancellationToken) => R | Promise<R>;
type Ready = ReturnType<NonNullable<typeof View.ready.types>>;
type AnyHandler = Handler<any, unknown>; // the method name carries the types

export class ViewConnection implements vscode.Disposable {
  readonly #requests = new Map<string, AnyHandler>();
  readonly #notifications = new Map<string, (params: any) => void>();
  readonly #listener: vscode.Disposable;
  #page: { connection: MessageConnection; reader: WebviewReader; writer: WebviewWriter; gone: vscode.CancellationTokenSource } | undefined;

  #ready = false;
  #waiting: (() => void) | undefined;

  constructor(private readonly webview: vscode.Webview, private readonly log: Log) {
    this.#listener = webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
  }

  onRequest<P, R>(request: Request<P, R>, handler: Handler<P, R>): void {
    this.#requests.set(request.method, handler);
  }

  /** Answers a page's first message, which it sends whenever it loads. `waiting`: something is shown as soon as the reply is drawn. */
  onReady(answer: (waiting: boolean) => Ready): void {
    this.onRequest(View.ready, () => {
      this.#ready = true;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) { setImmediate(waiting); }
      return answer(waiting !== undefined);
    });
  }

  onNotification<P>(notification: Notification<P>, handler: (params: P) => void): void {
    this.#notifications.set(notification.method, handler);
  }

  /** Dropped while no page listens: a page asks for all it needs when it loads. */
  notify<P>(notification: Notification<P>, params: P): void {
    void this.#page?.connection.sendNotification(notification.method, params).catch(error => this.log.debug(`Webview: ${error}`));
  }

  /** Sent as soon as the page is ready; of what waits the last counts. */
  show<P>(notification: Notification<P>, params: P): void {
    const send = (): void => this.notify(notification, params);
    if (this.#ready) { send(); } else { this.#waiting = send; }
  }

  /** The page was hidden and its document is gone until it is shown again. */
  hidden(): void { this.#ready = false; }

  dispose(): void {
    this.#listener.dispose();
    this.#closePage();
  }

  #receive(message: unknown): void {
    if (!Message.isRequest(message as Message) && !Message.isNotification(message as Message) && !Message.isResponse(message as Message)) { return; }
    if ((message as { method?: string }).method === View.ready.method) { this.#openPage(); }
    this.#page?.reader.deliver(message as Message);
  }

  #openPage(): void {
    this.#closePage();
    const reader = new WebviewReader();
    const writer = new WebviewWriter(this.webview);
    const connection = createMessageConnection(reader, writer);
    const gone = new vscode.CancellationTokenSource();
    for (const [method, handler] of this.#requests) {
      connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
        const cancellation = new vscode.CancellationTokenSource();
        const listeners = [token.onCancellationRequested(() => cancellation.cancel()), gone.token.onCancellationRequested(() => cancellation.cancel())];
        try {
          return await handler(params, cancellation.token) ?? null;
        } catch (error) {
          const info = toErrorInfo(error);
          if (info.code !== 'cancelled') { this.log.warn(`${method} failed: ${info.code}: ${info.message}`); }
          return toResponseError(error);
        } finally {
          for (const listener of listeners) { listener.dispose(); }
          cancellation.dispose();
        }
      });
    }
    for (const [method, handler] of this.#notifications) { connection.onNotification(method, handler); }
    connection.onError(([error]) => this.log.debug(`Webview connection: ${error.message}`));
    connection.listen();
    this.#page = { connection, reader, writer, gone };
  }

  #closePage(): void {
    if (!this.#page) { return; }
    this.#page.gone.cancel();
    this.#page.gone.dispose();
    this.#page.writer.dispose();
    this.#page.connection.dispose();
    this.#page = undefined;
  }
}
