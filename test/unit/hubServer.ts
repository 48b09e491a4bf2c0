/** A hub on this machine that answers as huggingface.co does, with a CDN on an origin of its own; tests make either misbehave. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { catalog, type CatalogModel } from '../../src/models/catalog';

export interface RepoFile { bytes: Buffer; lfs: boolean }
export interface SeenRequest { where: 'hub' | 'cdn'; path: string; headers: IncomingMessage['headers'] }
/** Answers instead of the hub when it returns true. */
export type Misbehaviour = (seen: SeenRequest, response: ServerResponse, request: IncomingMessage) => boolean | void;

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
export const blobOf = (bytes: Buffer): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
export const newCommit = (): string => randomBytes(20).toString('hex');

const { commit: _, tokenizerRepo: __, ...row } = catalog[0]!;

/** A row of the catalogue with two files in LFS and a small one beside them. */
export const testModel: CatalogModel = {
  ...row, id: 'test-clip', repo: 'someone/test-clip', name: 'Test', verified: 'verified', note: '',
  license: { spdx: 'MIT', name: 'MIT License', url: 'https://example.org/license', researchOnly: false },
  variants: [{ variant: 'fp32', files: { vision: 'onnx/vision model.onnx', text: 'onnx/text_model.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 4e6 }],
};

export class HubServer {
  /** Repository → branch or commit → files; `main` is a commit. */
  readonly commits = new Map<string, Map<string, RepoFile>>();
  main = '';
  seen: SeenRequest[] = [];
  misbehave: Misbehaviour | undefined;
  /** Entries of a page of the tree. */
  pageSize = 2;
  /** Prefix under which a mirror serves. */
  base = '';
  private servers: Server[] = [];
  origin = '';
  cdn = '';

  static async start(repo = testModel.repo, paths = testModel.variants[0]!.files): Promise<HubServer> {
    const hub = new HubServer(repo);
    hub.origin = await hub.listen('hub', (path, request, response) => hub.answer(path, request, response));
    hub.cdn = await hub.listen('cdn', (path, request, response) => hub.answerCdn(path, request, response));
    hub.push({
      [paths.vision]: { bytes: randomBytes(3_000_000), lfs: true }, [paths.text]: { bytes: randomBytes(1_200_000), lfs: true },
      [paths.tokenizer]: { bytes: Buffer.from(JSON.stringify({ tokens: randomBytes(2000).toString('hex') })), lfs: false },
      'README.md': { bytes: Buffer.from('A model.'), lfs: false }, 'a/b/c.txt': { bytes: Buffer.from('c'), lfs: false },
    });
    return hub;
  }

  /** Repositories of this hub; a commit is in all of them. */
  repos: string[];

  constructor(repo: string) { this.repos = [repo]; }

  get endpoint(): string { return this.origin + this.base; }

  /** Makes a commit of the former one's files with these changed, and lets main lead to it. */
  push(files: Record<string, RepoFile>, commit: string = newCommit()): void {
    this.commits.set(commit, new Map([...this.commits.get(this.main) ?? [], ...Object.entries(files)]));
    this.main = commit;
  }

  file(path: string): RepoFile { return this.commits.get(this.main)!.get(path)!; }

  /** Requests for the bytes of files in LFS. */
  downloads(): SeenRequest[] { return this.seen.filter(({ where }) => where === 'cdn'); }

  async close(): Promise<void> {
    await Promise.all(this.servers.map(server => new Promise(done => { server.close(done); server.closeAllConnections(); })));
  }

  private async listen(where: 'hub' | 'cdn', answer: (path: string, request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer((request, response) => {
      const seen = { where, path: decodeURIComponent(request.url!), headers: request.headers };
      this.seen.push(seen);
      if (this.misbehave?.(seen, response, request)) { return; }
      if (!request.url!.startsWith(where === 'hub' ? this.base : '')) { response.writeHead(404).end(); return; }
      answer(decodeURIComponent(request.url!.slice(where === 'hub' ? this.base.length : 0)), request, response);
    });
    this.servers.push(server);
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  private answer(path: string, request: IncomingMessage, response: ServerResponse): void {
    const refuse = (code: string): void => { response.writeHead(404, { 'x-error-code': code, 'x-error-message': code }).end(code); };
    const commitOf = (revision: string): string => (revision === 'main' ? this.main : revision);
    const repos = `(${this.repos.join('|')})`;
    const [, repo, api] = new RegExp(`^/api/models/${repos}/(.*)$`).exec(path) ?? [];
    const [, kind, revision] = /^(revision|tree)\/([^?]+)/.exec(api ?? '') ?? [];
    if (kind && revision) {
      const commit = commitOf(revision);
      const files = [...this.commits.get(commit) ?? []];
      if (files.length === 0) { return refuse('RevisionNotFound'); }
      if (kind === 'revision') { response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: repo, sha: commit, gated: false })); return; }
      const from = Number(new URL(path, this.origin).searchParams.get('cursor') ?? 0);
      const entries = [{ type: 'directory', path: 'onnx', size: 0, oid: '0'.repeat(40) }, ...files.map(([name, { bytes, lfs }]) => ({
        type: 'file', path: name, size: bytes.length, oid: lfs ? blobOf(Buffer.from(`pointer to ${sha256Of(bytes)}`)) : blobOf(bytes),
        ...(lfs && { lfs: { oid: sha256Of(bytes), size: bytes.length, pointerSize: 134 }, xetHash: sha256Of(Buffer.from('xet')) }),
      }))];
      // The original's own address, as a mirror passes it on.
      if (from + this.pageSize < entries.length) { response.setHeader('link', `<https://huggingface.co/api/models/${repo}/tree/${commit}?recursive=true&cursor=${from + this.pageSize}>; rel="next"`); }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(entries.slice(from, from + this.pageSize)));
      return;
    }
    const [, cached, owner, wanted, name] = new RegExp(`^/(api/resolve-cache/models/)?${repos}/(?:resolve/)?([^/]+)/(.*)$`).exec(path) ?? [];
    if (wanted === undefined || name === undefined) { return refuse('RepoNotFound'); }
    const commit = commitOf(wanted);
    const file = this.commits.get(commit)?.get(name);
    if (!file) { return refuse('EntryNotFound'); }
    response.setHeader('x-repo-commit', commit);
    if (file.lfs) {
      response.writeHead(302, { location: `${this.cdn}/blobs/${sha256Of(file.bytes)}?signature=${randomBytes(8).toString('hex')}`, 'x-linked-etag': `"${sha256Of(file.bytes)}"`, 'x-linked-size': file.bytes.length, vary: 'origin' }).end('Found. Redirecting');
    } else if (cached === undefined) {
      response.writeHead(307, { location: `${this.base}/api/resolve-cache/models/${owner}/${commit}/${encodeURIComponent(name)}` }).end();
    } else {
      sendFile(request, response, file.bytes, `"${blobOf(file.bytes)}"`);
    }
  }

  private answerCdn(path: string, request: IncomingMessage, response: ServerResponse): void {
    const [, hash] = /^\/blobs\/([0-9a-f]{64})/.exec(path) ?? [];
    const file = [...this.commits.values()].flatMap(files => [...files.values()]).find(({ bytes }) => sha256Of(bytes) === hash);
    if (!file) { response.writeHead(403).end(); return; }
    // A CDN's validator looks like a sha256, and is none of the content.
    sendFile(request, response, file.bytes, `"${sha256Of(Buffer.from(`cdn ${hash}`))}"`);
  }
}

/** Sends bytes with Range and If-Range as RFC 9110 has them. */
export function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Buffer, etag: string): void {
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const fresh = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  response.setHeader('etag', etag).setHeader('accept-ranges', 'bytes').setHeader('content-type', 'application/octet-stream');
  if (start === undefined || !fresh) { response.setHeader('content-length', bytes.length).end(bytes); return; }
  if (Number(start) >= bytes.length) { response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end(); return; }
  response.writeHead(206, { 'content-length': bytes.length - Number(start), 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }).end(bytes.subarray(Number(start)));
}
