/** JSON-RPC with the extension host: plain message objects over the webview's postMessage, typed by `View` of protocol.ts. */
import {
  AbstractMessageReader, AbstractMessageWriter, createMessageConnection, ResponseError,
  type CancellationToken, type DataCallback, type Disposable, type Message, type MessageConnection,
} from 'vscode-jsonrpc/browser';
import type { ErrorInfo, Notification, Request } from '../src/protocol';

/** What VS Code gives a webview's script, once. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** The part of the connection that asks; what needs no more than this can be tested without a window. */
export interface Host {
  request<P, R>(type: Request<P, R>, params: P, token?: CancellationToken): Promise<R>;
}

export class HostConnection implements Host {
  private readonly connection: MessageConnection;

  constructor(api: VsCodeApi, target: Window) {
    this.connection = createMessageConnection(new WindowReader(target), new ApiWriter(api));
  }

  /** Starts to receive; handlers that are added later miss what came before. */
  listen(): void { this.connection.listen(); }

  request<P, R>(type: Request<P, R>, params: P, token?: CancellationToken): Promise<R> {
    return token ? this.connection.sendRequest<R>(type.method, params, token) : this.connection.sendRequest<R>(type.method, params);
  }

  notify<P>(type: Notification<P>, params: P): void {
    void this.connection.sendNotification(type.method, params);
  }

  onNotification<P>(type: Notification<P>, handler: (params: P) => void): void {
    this.connection.onNotification(type.method, handler);
  }
}

class WindowReader extends AbstractMessageReader {
  constructor(private readonly target: Window) { super(); }

  listen(callback: DataCallback): Disposable {
    const receive = ({ data }: MessageEvent<unknown>) => {
      // VS Code and browser extensions post messages of their own to this window.
      if (isJsonRpc(data)) { callback(data); }
    };
    this.target.addEventListener('message', receive);
    return { dispose: () => this.target.removeEventListener('message', receive) };
  }
}

class ApiWriter extends AbstractMessageWriter {
  constructor(private readonly api: VsCodeApi) { super(); }

  async write(message: Message): Promise<void> { this.api.postMessage(message); }
  end(): void { /* the window ends it */ }
}

const isJsonRpc = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && (value as Message).jsonrpc === '2.0';

/** What can be shown of a failed request. */
export function toErrorInfo(error: unknown): ErrorInfo {
  const data: unknown = error instanceof ResponseError ? error.data : undefined;
  if (typeof data === 'object' && data !== null && typeof (data as ErrorInfo).code === 'string') { return data as ErrorInfo; }
  // LSP's RequestCancelled and ServerCancelled.
  if (error instanceof ResponseError && (error.code === -32800 || error.code === -32802)) { return { code: 'cancelled', message: error.message }; }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
