/** A hub that behaves like huggingface.co: commits, files with their hashes, and their bytes; every way in which it can fail with a message and a remedy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AssetSearchError, cancelled, messageOf } from '../errors';
import type { ErrorCode } from '../protocol';

export const defaultEndpoint = 'https://huggingface.co';

export interface HubOptions {
  /** Base URL of the hub or of a mirror, http or https. */
  endpoint?: string;
  /** Access token of a person; sent to the endpoint's own origin alone, and part of no message. */
  token?: string;
  /** VS Code's own knows the user's proxy and certificates. */
  fetch?: typeof globalThis.fetch;
  patience?: Partial<Patience>;
}

export interface Patience {
  /** Silence of a connection after which it counts as broken. */
  idleMs: number;
  /** Tries in a row without progress, the first one included. */
  attempts: number;
  /** Pause before the second try; doubles with each further one. */
  backoffMs: number;
  /** A hub that asks for a longer pause than this is not waited for. */
  longestWaitMs: number;
}

const usualPatience: Patience = { idleMs: 30_000, attempts: 5, backoffMs: 1000, longestWaitMs: 120_000 };
/** The fetch standard's own number is 20; the hub needs two. */
const maxRedirects = 10;
/** A tree of 1,000 entries, which is the hub's page, takes 0.3 MB. */
const maxMetadataBytes = 16 * 2 ** 20;
/** More than this between two failures counts as progress: the tries are counted anew. */
export const progressBytes = 2 ** 20;

/** What a file's bytes must give: the sha256 of files in LFS, git's own blob hash (sha1 of `blob <size>\0` and the bytes) of the small ones beside them. */
export interface ExpectedDigest { algorithm: 'sha256' | 'gitBlob'; hex: string }
export interface HubFile { repo: string; commit: string; path: string; sizeBytes: number; digest: ExpectedDigest }

/** The bytes of a file, from `offset` on if the hub agreed. */
export interface OpenedFile {
  /** 200: from the start; 206: from `contentRange.start`; 416: there is nothing from the offset on. */
  status: 200 | 206 | 416;
  contentRange?: { start: number; total?: number };
  /** Strong validator of the server that sends the bytes, for If-Range. It is no content hash: a CDN's may look like a sha256 and be something else. */
  etag?: string;
  body: AsyncIterable<Uint8Array>;
}

/** A failure that the next try may not meet. */
export class TransientError extends AssetSearchError {
  constructor(code: ErrorCode, message: string, readonly retryAfterMs?: number, options?: ErrorOptions) { super(code, message, options); }
}

export class Hub {
  readonly endpoint: URL;
  /** The endpoint without a slash at its end. */
  private readonly base: string;
  readonly patience: Patience;
  private readonly fetch: typeof globalThis.fetch;

  /** Throws AssetSearchError 'usage' for an endpoint that is no http(s) URL. */
  constructor(private readonly options: HubOptions = {}) {
    this.endpoint = parseEndpoint(options.endpoint ?? defaultEndpoint);
    this.base = this.endpoint.href.replace(/\/$/, '');
    this.fetch = options.fetch ?? globalThis.fetch;
    this.patience = { ...usualPatience, ...options.patience };
  }

  /** The commit to which a branch, tag or commit leads: 40 hex digits. */
  async resolveCommit(repo: string, revision: string, signal?: AbortSignal): Promise<string> {
    const { json } = await this.metadata(repo, `/api/models/${repo}/revision/${encodeURIComponent(revision)}`, signal);
    const commit = isRecord(json) ? json['sha'] : undefined;
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) { throw this.noHub('it names no commit'); }
    return commit;
  }

  /** All files of a commit. */
  async listFiles(repo: string, commit: string, signal?: AbortSignal): Promise<HubFile[]> {
    const files: HubFile[] = [];
    const seen = new Set<string>();
    for (let cursor = ''; ;) {
      const { json, link } = await this.metadata(repo, `/api/models/${repo}/tree/${commit}?recursive=true${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, signal);
      if (!Array.isArray(json)) { throw this.noHub('its list of files is none'); }
      for (const entry of json) { if (isRecord(entry) && entry['type'] === 'file') { files.push({ repo, commit, ...this.fileOf(entry) }); } }
      // A mirror may pass on the original's link: only the cursor in it is followed, at our own endpoint.
      const next = /<([^>]+)>;\s*rel="?next"?/.exec(link ?? '')?.[1];
      cursor = next === undefined ? '' : new URL(next, this.endpoint).searchParams.get('cursor') ?? '';
      if (cursor === '') { return files; }
      if (seen.has(cursor)) { throw this.noHub('its list of files has no end'); }
      seen.add(cursor);
    }
  }

  /**
   * Opens one file, once: `retry` is the caller's. The body is read under the same idle guard.
   * Throws before the first byte when the hub's headers tell of another commit, hash or size than `file` has.
   */
  async open(file: HubFile, range: { offset: number; etag?: string }, idle: IdleGuard): Promise<OpenedFile> {
    const { repo, commit } = file;
    const path = `/${repo}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
    const { response, url, hub } = await this.request(path, idle, {
      // Compressed bytes could be neither counted nor continued; with a Range fetch says so itself.
      ...(range.offset > 0 ? { range: `bytes=${range.offset}-`, ...(range.etag !== undefined && { 'if-range': range.etag }) } : { 'accept-encoding': 'identity' }),
    });
    const { status, headers } = response;
    if (status !== 200 && status !== 206 && status !== 416) { throw await this.refusal(response, url, repo, file.path); }
    const linked = /^"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(hub.linkedEtag ?? '')?.[1];
    if ((hub.commit ?? commit) !== commit || (hub.linkedSize ?? file.sizeBytes) !== file.sizeBytes || (linked?.length === file.digest.hex.length && linked !== file.digest.hex)) {
      void response.body?.cancel().catch(() => undefined);
      throw new AssetSearchError('downloadCorrupt', `${this.endpoint.host} offers another ${file.path} than it lists for commit ${commit.slice(0, 12)} of ${repo}. Try again later; if you use a mirror, use another one.`);
    }
    const type = headers.get('content-type') ?? '';
    if (status !== 416 && /^text\/html/i.test(type) && !/\.html?$/.test(file.path)) {
      void response.body?.cancel().catch(() => undefined);
      throw webPage(url);
    }
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    const encoded = !['', 'identity'].includes(headers.get('content-encoding') ?? '');
    const validator = headers.get('etag');
    return {
      status, body: this.chunks(response, url, idle),
      ...(start !== undefined && !encoded && { contentRange: { start: Number(start), ...(total !== '*' && { total: Number(total) }) } }),
      ...(validator !== null && !validator.startsWith('W/') && !encoded && { etag: validator }),
    };
  }

  /** Runs `attempt` until it succeeds, fails for good, or has failed transiently too often in a row; `progressed` says that the count starts anew. */
  async retry<T>(attempt: () => Promise<T>, options: { signal?: AbortSignal | undefined; onWait?: (waitMs: number, reason: string) => void; progressed?: () => boolean } = {}): Promise<T> {
    const { attempts, backoffMs, longestWaitMs } = this.patience;
    for (let failures = 0; ;) {
      try {
        return await attempt();
      } catch (thrown) {
        if (options.signal?.aborted) { throw cancelled(); }
        if (!(thrown instanceof TransientError)) { throw thrown; }
        failures = options.progressed?.() ? 1 : failures + 1;
        const waitMs = thrown.retryAfterMs ?? backoffMs * 2 ** (failures - 1);
        if (failures >= attempts || waitMs > longestWaitMs) { throw thrown; }
        options.onWait?.(waitMs, thrown.message);
        await sleep(waitMs, undefined, options.signal && { signal: options.signal }).catch(() => { throw cancelled(); });
      }
    }
  }

  private metadata(repo: string, path: string, signal: AbortSignal | undefined): Promise<{ json: unknown; link: string | null }> {
    return this.retry(async () => {
      const idle = new IdleGuard(this.patience.idleMs, signal);
      try {
        const { response, url } = await this.request(path, idle, { accept: 'application/json' });
        if (response.status !== 200) { throw await this.refusal(response, url, repo); }
        const chunks: Uint8Array[] = [];
        let sizeBytes = 0;
        for await (const chunk of this.chunks(response, url, idle)) {
          chunks.push(chunk);
          if ((sizeBytes += chunk.length) > maxMetadataBytes) { throw this.noHub('its answer is too long'); }
        }
        const text = Buffer.concat(chunks).toString('utf8');
        try {
          return { json: JSON.parse(text) as unknown, link: response.headers.get('link') };
        } catch (thrown) {
          if (/^\s*</.test(text)) { throw webPage(url); }
          throw this.noHub('its answer is not JSON', thrown);
        }
      } finally {
        idle.end();
      }
    }, { signal });
  }

  private fileOf(entry: Record<string, unknown>): Omit<HubFile, 'repo' | 'commit'> {
    const { path, size, oid, lfs } = entry;
    const large = isRecord(lfs) ? lfs : undefined;
    const [sizeBytes, hex] = large ? [large['size'], large['oid']] : [size, oid];
    if (typeof path !== 'string' || typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || typeof hex !== 'string' || !(large ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex)) {
      throw this.noHub('its list of files gives no sizes and hashes');
    }
    return { path, sizeBytes, digest: { algorithm: large ? 'sha256' : 'gitBlob', hex } };
  }

  /**
   * Follows redirects itself: so the token goes to no other origin, and what the hub says of a file on its way (X-Repo-Commit, X-Linked-Etag, X-Linked-Size stand on
   * the redirect, not on the CDN's answer) is seen.
   */
  private async request(path: string, idle: IdleGuard, headers: Record<string, string>): Promise<{ response: Response; url: URL; hub: { commit?: string; linkedEtag?: string; linkedSize?: number } }> {
    const hub: { commit?: string; linkedEtag?: string; linkedSize?: number } = {};
    const visited = new Set<string>();
    for (let url = new URL(this.base + path); ;) {
      visited.add(url.href);
      idle.touch();
      let response: Response;
      try {
        const own = url.origin === this.endpoint.origin;
        response = await this.fetch(url, {
          redirect: 'manual', signal: idle.signal,
          headers: { 'user-agent': 'asset-search', ...headers, ...(own && this.options.token && { authorization: `Bearer ${this.options.token}` }) },
        });
        idle.touch();
        if (own) {
          const [commit, etag, size] = ['x-repo-commit', 'x-linked-etag', 'x-linked-size'].map(name => response.headers.get(name));
          if (commit) { hub.commit = commit; }
          if (etag) { hub.linkedEtag = etag; }
          if (size && /^\d+$/.test(size)) { hub.linkedSize = Number(size); }
        }
      } catch (thrown) {
        throw failure(thrown, url, idle);
      }
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) { return { response, url, hub }; }
      void response.body?.cancel().catch(() => undefined);
      let next: URL;
      try { next = new URL(location, url); } catch { throw new AssetSearchError('downloadFailed', `${url.host} redirects to something that is no address. ${mirrorAdvice}`); }
      if (next.protocol !== 'https:' && !(next.protocol === 'http:' && url.protocol === 'http:')) {
        throw new AssetSearchError('downloadFailed', `${url.host} redirects from ${url.protocol.slice(0, -1)} to ${next.protocol.slice(0, -1)}, which is not followed: it would not be safe. ${mirrorAdvice}`);
      }
      if (visited.has(next.href) || visited.size > maxRedirects) { throw new AssetSearchError('downloadFailed', `${url.host} redirects in a circle. ${mirrorAdvice}`); }
      url = next;
    }
  }

  private async *chunks(response: Response, url: URL, idle: IdleGuard): AsyncGenerator<Uint8Array> {
    if (!response.body) { return; }
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        idle.touch();
        yield chunk;
      }
    } catch (thrown) {
      throw failure(thrown, url, idle);
    }
  }

  /** What a status means that is neither success nor redirect. */
  private async refusal(response: Response, url: URL, repo: string, path?: string): Promise<AssetSearchError> {
    await response.body?.cancel().catch(() => undefined);
    const { status, headers } = response;
    const [host, reason] = [url.host, headers.get('x-error-code') ?? ''];
    const [page, token] = [`${this.base}/${repo}`, `${this.base}/settings/tokens`];
    // A signed address of the CDN that has run out gives 403; the hub makes a new one.
    if (url.origin !== this.endpoint.origin && (status === 401 || status === 403)) { return new TransientError('downloadFailed', `${host} refused the download (${status}). Try again later.`); }
    if (reason === 'GatedRepo' || (status === 403 && reason === '')) {
      return new AssetSearchError('downloadForbidden', this.options.token
        ? `${host} does not let your token download ${repo}. Open ${page}, accept its terms with the account of the token, and see at ${token} that the token may read it.`
        : `${repo} is given only to people who accepted its terms. Sign in at ${page} and accept them, create an access token at ${token}, and set the token (HF_TOKEN on the command line).`);
    }
    switch (status) {
      case 401:
        return this.options.token
          ? new AssetSearchError('downloadForbidden', `${host} does not accept your token, or it may not read ${repo}. Create a new one at ${token} and set it (HF_TOKEN on the command line).`)
          : new AssetSearchError('downloadForbidden', `${host} gives ${repo} to nobody without a token: it is private, or there is no such model. If you have access, create a token at ${token} and set it (HF_TOKEN on the command line).`);
      case 403: return new AssetSearchError('downloadForbidden', `${host} refuses to give ${repo} (${reason}). Open ${page} to see who may have it.`);
      case 404:
        return new AssetSearchError('downloadNotFound', path === undefined
          ? `${host} has no model ${repo}, or not this version of it. If you use a mirror, it may not hold this model: use another one.`
          : `${host} has no file ${path} in ${repo}. If you use a mirror, it may not hold this model: use another one.`);
      case 407: return proxyRefusal(host);
      case 429: {
        const waitMs = retryAfterMs(headers.get('retry-after'));
        return new TransientError('downloadFailed', `${host} is asked too often from your network (429). Try again ${waitMs === undefined ? 'later' : `in ${Math.ceil(waitMs / 60_000)} min`}${this.options.token ? '' : ', or set an access token'}.`, waitMs);
      }
      case 408: case 500: case 502: case 503: case 504:
        return new TransientError('downloadFailed', `${host} is out of order (${status}). Try again later; what was downloaded is kept.`, retryAfterMs(headers.get('retry-after')));
      default: return new AssetSearchError('downloadFailed', `${host} answered with ${status}, which was not expected. ${mirrorAdvice}`);
    }
  }

  private noHub(why: string, cause?: unknown): AssetSearchError {
    return new AssetSearchError('downloadFailed', `${this.endpoint.host} does not answer as a Hugging Face hub does: ${why}. ${mirrorAdvice}`, { cause });
  }
}

/** Aborts when a connection is silent for too long, and when the caller cancels. */
export class IdleGuard {
  readonly signal: AbortSignal;
  expired = false;
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(readonly idleMs: number, readonly cancel?: AbortSignal) {
    this.signal = cancel ? AbortSignal.any([cancel, this.controller.signal]) : this.controller.signal;
  }

  touch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.expired = true; this.controller.abort(); }, this.idleMs);
  }

  /** Also ends what of the answer has not been read. */
  end(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}

const mirrorAdvice = 'Check the address of the mirror (HF_ENDPOINT) if you use one; otherwise try again later.';
const proxyAdvice = 'In VS Code set http.proxy; on the command line set HTTPS_PROXY and NODE_USE_ENV_PROXY=1 (Node.js 24).';

function parseEndpoint(endpoint: string): URL {
  let url: URL | undefined;
  try { url = new URL(endpoint); } catch { /* below */ }
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new AssetSearchError('usage', 'The address of the hub must be an http or https URL without a password, such as https://huggingface.co.');
  }
  return url;
}

function webPage(url: URL): AssetSearchError {
  return new AssetSearchError('downloadFailed', `${url.host} answered with a web page instead of the model: the network may ask for a sign-in, or a proxy blocks the download. Open ${url.origin} in a browser, then try again.`);
}

function proxyRefusal(host: string): AssetSearchError {
  return new AssetSearchError('networkUnavailable', `The proxy refused the way to ${host}. Check its address, user and password. ${proxyAdvice}`);
}

/** Seconds, or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | null): number | undefined {
  if (value === null) { return undefined; }
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/** What a fetch that threw means. */
function failure(thrown: unknown, url: URL, idle: IdleGuard): AssetSearchError {
  if (idle.cancel?.aborted) { return cancelled(); }
  if (idle.expired) { return new TransientError('networkUnavailable', `Nothing came from ${url.host} for ${Math.round(idle.idleMs / 1000)} s. Check the network and try again; what was downloaded is kept.`); }
  if (thrown instanceof AssetSearchError) { return thrown; }
  const causes = causesOf(thrown);
  const code = causes.map(each => (each as NodeJS.ErrnoException).code).find(each => typeof each === 'string') ?? '';
  const message = causes.map(messageOf).join(': ');
  const options = { cause: thrown };
  if (/proxy response|tunnel/i.test(message)) { return proxyRefusal(url.host); }
  if (/^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/.test(code)) {
    return new AssetSearchError('networkUnavailable', `The secure connection to ${url.host} failed (${code}): its certificate is not trusted here, or something in between replaces it. In a company network, let VS Code use the system's certificates (http.systemCertificates) or give the company's certificate to Node.js (NODE_EXTRA_CA_CERTS).`, options);
  }
  switch (code) {
    case 'ENOTFOUND': case 'EAI_AGAIN': {
      const text = `The name ${url.hostname} could not be found. Check the network${url.origin === defaultEndpoint ? '' : ' and the address of the mirror'}. ${proxyAdvice}`;
      return code === 'ENOTFOUND' ? new AssetSearchError('networkUnavailable', text, options) : new TransientError('networkUnavailable', text, undefined, options);
    }
    case 'ECONNREFUSED': case 'EHOSTUNREACH': case 'ENETUNREACH': case 'EACCES':
      return new AssetSearchError('networkUnavailable', `${url.host} cannot be reached (${code}). Check the network. ${proxyAdvice}`, options);
    case '':
      // What fetch refuses by itself, such as a port that no web server uses, or a proxy's 407 without a tunnel.
      return new AssetSearchError('networkUnavailable', `${url.host} cannot be asked (${message}). Check its address, and the proxy if there is one. ${proxyAdvice}`, options);
    default:
      return new TransientError('networkUnavailable', `The connection to ${url.host} broke (${code}). Try again; what was downloaded is kept.`, undefined, options);
  }
}

function causesOf(thrown: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let each: unknown = thrown; each instanceof Error && causes.length < 5; each = each.cause ?? (each instanceof AggregateError ? each.errors[0] : undefined)) { causes.push(each); }
  return causes.length > 0 ? causes : [thrown];
}

function isRecord(value: unknown): value is Record<string, unknown> { return typeof value === 'object' && value !== null && !Array.isArray(value); }
