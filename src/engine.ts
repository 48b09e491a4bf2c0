/** The engine process: answers the extension host's requests over the fork's channel, and ends when the channel does. */
import './core/lanceEnvironment';
import { join } from 'node:path';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter, ResponseError, type CancellationToken } from 'vscode-jsonrpc/node';
import { AssetSearchError, messageOf } from './core/errors';
import { AssetService } from './core/service';
import { Engine, type ErrorInfo, type LogRecord, type Request } from './protocol';

/** How long files may take to close once the window is gone. */
const flushMs = 1_000;

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const send = <P>(method: string, params: P): void => { connection.sendNotification(method, params).catch(() => { /* the window is gone */ }); };
const service = new AssetService({
  processes: { decoder: join(__dirname, 'decodeProcess.js'), encoder: join(__dirname, 'encodeWorker.js') },
  keepOtherRoots: false,
  waitForLock: true,
  onStatus: status => send(Engine.statusChanged.method, status),
  onLog: record => send<LogRecord>(Engine.log.method, record),
});
const leaving = new AbortController();

/** One kind of request: the token becomes a signal, and an error keeps its code in `data`. */
function answer<P, R>({ method }: Request<P, R>, work: (params: P, signal: AbortSignal) => R | Promise<R>): void {
  connection.onRequest(method, async (params: P, token: CancellationToken) => {
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => abort.abort());
    if (token.isCancellationRequested) { abort.abort(); }
    try {
      return await work(params, AbortSignal.any([abort.signal, leaving.signal]));
    } catch (thrown) {
      const code = thrown instanceof AssetSearchError ? thrown.code : 'internal';
      if (code === 'internal') { send<LogRecord>(Engine.log.method, { level: 'error', message: thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown) }); }
      return new ResponseError<ErrorInfo>(0, messageOf(thrown), { code, message: messageOf(thrown) });
    } finally {
      subscription.dispose();
    }
  });
}

answer(Engine.open, params => service.open(params));
answer(Engine.index, (params, signal) => service.index(params, signal));
answer(Engine.update, (params, signal) => service.update(params, signal));
answer(Engine.rebuild, (params, signal) => service.rebuild(params, signal));
answer(Engine.retry, (params, signal) => service.retry(params, signal));
answer(Engine.pause, ({ paused }) => service.pause(paused));
answer(Engine.search, (params, signal) => service.search(params, signal));
answer(Engine.similar, (params, signal) => service.similar(params, signal));
answer(Engine.browse, params => service.browse(params));
answer(Engine.label, (params, signal) => service.label(params, signal));
answer(Engine.status, () => service.status());
answer(Engine.skipped, () => service.skipped());
answer(Engine.details, () => service.details());
answer(Engine.removeSpace, params => service.removeSpace(params));
answer(Engine.folders, () => service.folders());
answer(Engine.thumbnails, (params, signal) => service.thumbnails(params, signal));

/** The run that is in work writes what it has; a native call that does not return must not keep the process alive. */
function leave(): void {
  leaving.abort();
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), flushMs);
  void service.settle().then(() => service.close()).finally(() => process.kill(process.pid, 'SIGKILL'));
}

process.once('disconnect', leave);
connection.onError(([error]) => { if (!leaving.signal.aborted) { process.stderr.write(`${error.message}\n`); } });
connection.listen();
