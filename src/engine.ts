/** The engine process: answers the extension host's requests over the fork's channel, and ends when the channel does. */
import './core/nativeEnvironment';
import { join } from 'node:path';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter, ResponseError, type CancellationToken } from 'vscode-jsonrpc/node';
import { AssetSearchError, messageOf } from './errors';
import { NameService } from './core/nameService';
import { loadProblem, platformProblem, thisPlatform } from './core/platform';
import type { AssetService } from './core/service';
import { Engine, type ErrorInfo, type IndexStatus, type LogRecord, type OpenParams, type Request } from './protocol';

/** How long files may take to close once the window is gone. */
const flushMs = 1_000;

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const send = <P>(method: string, params: P): void => { connection.sendNotification(method, params).catch(() => { /* the window is gone */ }); };
const news = {
  onStatus: (status: IndexStatus) => send(Engine.statusChanged.method, status),
  onLabelProgress: (progress: { done: number; total: number }) => send(Engine.labelProgress.method, progress),
  onLog: (record: LogRecord) => send<LogRecord>(Engine.log.method, record),
};
let service: AssetService | NameService | undefined;
/** May be said before there is a service. */
let paused = false;
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

/** The real one, or the one that knows only names where the native libraries cannot run. */
async function createService({ namesOnly }: OpenParams): Promise<AssetService | NameService> {
  let reason = namesOnly ?? platformProblem(thisPlatform());
  if (!reason) {
    try {
      // Loaded late: its native libraries kill the process on a processor without the instructions they need.
      const { AssetService: Service } = await import('./core/service');
      requireSharp();
      return new Service({
        processes: { decoder: join(__dirname, 'decodeProcess.js'), encoder: join(__dirname, 'encodeProcess.js'), verifier: join(__dirname, 'conformanceProcess.js') },
        keepOtherRoots: false, waitForLock: true, ...news,
      });
    } catch (thrown) {
      reason = loadProblem(thrown);
    }
  }
  return new NameService({ reason, ...news });
}

/** sharp is loaded by the decoder process alone; here it only has to be there. Throws where its binary is missing. */
function requireSharp(): void {
  const names = [`${process.platform}-${process.arch}`, `linuxmusl-${process.arch}`];
  if (!names.some(name => { try { return require.resolve(`@img/sharp-${name}/sharp.node`) !== ''; } catch { return false; } })) { throw new Error(`Cannot find sharp for ${names[0]}`); }
}

/** What was opened last. Requests come in order, and the first is to open. */
function opened(): AssetService | NameService {
  if (!service) { throw new AssetSearchError('indexMissing', 'No index is open. Open a folder first.'); }
  return service;
}

answer(Engine.open, async params => {
  service ??= await createService(params);
  if (paused) { await service.pause(true); }
  return service.open(params);
});
answer(Engine.index, (params, signal) => opened().index(params, signal));
answer(Engine.update, (params, signal) => opened().update(params, signal));
answer(Engine.rebuild, (params, signal) => opened().rebuild(params, signal));
answer(Engine.retry, (params, signal) => opened().retry(params, signal));
answer(Engine.pause, params => {
  paused = params.paused;
  return service?.pause(paused);
});
answer(Engine.search, (params, signal) => opened().search(params, signal));
answer(Engine.similar, (params, signal) => opened().similar(params, signal));
answer(Engine.browse, params => opened().browse(params));
answer(Engine.label, (params, signal) => opened().label(params, signal));
answer(Engine.labelMany, (params, signal) => opened().labelMany(params, signal));
answer(Engine.setLabels, (params, signal) => opened().setLabels(params, signal));
answer(Engine.clearLabels, (params, signal) => opened().clearLabels(params, signal));
answer(Engine.undoLabels, (params, signal) => opened().undoLabels(params, signal));
answer(Engine.labelCounts, params => opened().labelCounts(params));
answer(Engine.exportLabels, params => opened().exportLabels(params));
answer(Engine.exportTeamLabels, () => opened().exportTeamLabels());
answer(Engine.readTeamLabels, (params, signal) => opened().readTeamLabels(params, signal));
answer(Engine.status, () => opened().status());
answer(Engine.skipped, () => opened().skipped());
answer(Engine.details, () => opened().details());
answer(Engine.removeSpace, params => opened().removeSpace(params));
answer(Engine.pictureKinds, () => opened().pictureKinds());
answer(Engine.verifyModel, (params, signal) => opened().verifyModel(params, signal));
answer(Engine.importModel, (params, signal) => opened().importModel(params, signal));
answer(Engine.folders, () => opened().folders());
answer(Engine.thumbnails, (params, signal) => opened().thumbnails(params, signal));

/** The run that is in work writes what it has; a native call that does not return must not keep the process alive. */
function leave(): void {
  leaving.abort();
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), flushMs);
  void (async () => { await service?.settle(); await service?.close(); })().finally(() => process.kill(process.pid, 'SIGKILL'));
}

process.once('disconnect', leave);
connection.onError(([error]) => { if (!leaving.signal.aborted) { process.stderr.write(`${error.message}\n`); } });
connection.listen();
