/** The page "Index Status": the state of the index and its run, folders, model, storage, skipped files and the last problems. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { View, type DeviceProblem, type DeviceReport, type FolderDetails, type IndexStatus, type ModelOnDisk, type Problem, type Request, type SpaceInfo, type StatusDetails, type StatusSection, type ViewCommand, type ViewStatus } from '../src/protocol';
import { toErrorInfo, type Host } from './connection';
import { icon, type IconName } from './icons';
import { agoOf, bytesOf, countOf, deviceName, durationOf, numberOf, type Translate } from './localize';
import { modelProblemText, servingText } from './modelNews';
import { phaseText, renderPace, renderTrack, shareOf, trackStyles } from './progress';
import type { SkippedFiles } from './skippedFiles';
import './skippedFiles';
import { sharedStyles } from './theme';

/** While a run is in work, what it changes is asked for this often. */
const liveMs = 2_000;

@customElement('status-page')
export class StatusPage extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) host!: Host;
  @property({ attribute: false }) status: ViewStatus = { availability: 'starting', automatic: true, roots: [] };

  @state() private details: StatusDetails | undefined;
  @state() private notice: string | undefined;
  @state() private removing: string | undefined;
  @state() private skippedVersion = '';

  @query('skipped-files') private skippedFiles!: SkippedFiles | null;

  private asking = false;
  private askAgain = false;
  private askedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private seen = '';

  static override styles = [sharedStyles, trackStyles, css`
    :host {
      display: block; height: 100vh; overflow: auto; --line: var(--vscode-contrastBorder, var(--vscode-widget-border, color-mix(in srgb, var(--vscode-foreground) 14%, transparent)));
      --ground: color-mix(in srgb, var(--vscode-foreground) 4%, transparent);
    }
    .page { max-width: 920px; margin: 0 auto; padding: 20px 24px 48px; display: grid; gap: 24px; grid-template-columns: minmax(0, 1fr); }
    h1 { margin: 0; font-size: 20px; font-weight: 600; line-height: 28px; }
    h2 { margin: 0 0 6px; font-size: 15px; font-weight: 600; line-height: 22px; }
    h3 { margin: 14px 0 6px; font-size: 13px; font-weight: 600; }
    .links { display: flex; flex-wrap: wrap; gap: 4px 14px; }
    p { margin: 0; }
    .state { display: flex; align-items: start; gap: 8px; margin-top: 6px; font-size: 14px; line-height: 20px; }
    .state .icon { font-size: 18px; line-height: 20px; color: var(--vscode-descriptionForeground); flex: none; }
    .state.good .icon { color: var(--vscode-testing-iconPassed, var(--vscode-charts-green, var(--vscode-foreground))); }
    .state.alarm .icon { color: var(--vscode-errorForeground); }
    .state > div { min-width: 0; overflow-wrap: anywhere; }
    .facts { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; line-height: 18px; color: var(--vscode-descriptionForeground); font-variant-numeric: tabular-nums; }
    .facts .unreadable { color: var(--vscode-errorForeground); }
    .facts > * { min-width: 0; overflow-wrap: anywhere; }
    .track { height: 6px; margin: 10px 0 6px; border-radius: 3px; border: 1px solid var(--vscode-contrastBorder, transparent); }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 14px; }
    .columns { display: grid; gap: 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
    dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 14px; margin: 0; }
    dt { color: var(--vscode-descriptionForeground); }
    dd { margin: 0; overflow-wrap: anywhere; }
    ul.rows { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 6px; }
    ul.rows > li { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; padding: 7px 10px; }
    ul.rows > li + li { border-top: 1px solid var(--line); }
    ul.rows .name { font-weight: 600; overflow-wrap: anywhere; min-width: 0; }
    ul.rows .grow { flex: 1 1 200px; min-width: 0; }
    .tag { display: inline-block; white-space: nowrap; padding: 0 6px; margin-inline-start: 4px; border-radius: 9px; font-size: 11px; line-height: 17px; background: var(--vscode-badge-background); color: var(--vscode-badge-foreground); border: 1px solid var(--vscode-contrastBorder, transparent); }
    .number { font-variant-numeric: tabular-nums; }
    .link[disabled] { color: var(--vscode-disabledForeground, var(--vscode-descriptionForeground)); cursor: default; text-decoration: none; opacity: .6; }
    .total { margin-top: 6px; }
    .problem { display: grid !important; grid-template-columns: auto minmax(0, 1fr); }
    .problem time { font-size: 12px; color: var(--vscode-descriptionForeground); font-variant-numeric: tabular-nums; }
    .problem .icon { font-size: 14px; line-height: 18px; }
    .problem pre { margin: 0; grid-column: 2; font: 12px/1.45 var(--vscode-editor-font-family, monospace); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 9em; overflow: auto; }
    .warn .icon { color: var(--vscode-editorWarning-foreground, var(--vscode-foreground)); }
    .error .icon { color: var(--vscode-errorForeground); }
    .head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; }
    @media (max-width: 479px) { .page { padding: 14px 14px 32px; gap: 20px; } .actions vscode-button { flex: 1 1 auto; } }
  `];

  // ─── news from the host

  showStatus(status: ViewStatus): void { this.status = status; }

  detailsChanged(): void { void this.ask(); }

  async showSection(section: StatusSection): Promise<void> {
    await this.updateComplete;
    if (section === 'skipped' && this.skippedFiles) {
      await this.skippedFiles.updateComplete;
      this.skippedFiles.focusHeading();
    }
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.ask();
  }

  override disconnectedCallback(): void { super.disconnectedCallback(); clearTimeout(this.timer); }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('status')) { return; }
    const { availability, index } = this.status;
    const now = JSON.stringify([availability, index?.state, index?.lastRun?.seconds, index?.assets, index?.skipped, index?.diskBytes]);
    if (now === this.seen) { return; }
    this.seen = now;
    void this.ask();
  }

  /** One question at a time, and at most one every {@link liveMs} while the index changes all the time. */
  private async ask(): Promise<void> {
    if (this.asking) { this.askAgain = true; return; }
    const wait = this.status.index?.state === 'indexing' ? this.askedAt + liveMs - Date.now() : 0;
    if (wait > 0) {
      this.timer ??= setTimeout(() => { this.timer = undefined; void this.ask(); }, wait);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.asking = true;
    this.askedAt = Date.now();
    try {
      this.details = await this.host.request(View.details, {});
    } catch (error) {
      this.notice = toErrorInfo(error).message;
    } finally {
      this.asking = false;
    }
    const { index } = this.status;
    this.skippedVersion = index ? JSON.stringify([index.skipped, index.lastRun?.seconds, this.askedAt]) : '';
    if (this.askAgain) { this.askAgain = false; void this.ask(); }
  }

  private async command(command: ViewCommand): Promise<void> {
    try { await this.host.request(View.command, { command }); } catch (error) { this.notice = toErrorInfo(error).message; }
  }

  /** The host asks first. */
  private async removeOnDisk<P>(name: string, request: Request<P, boolean>, params: P): Promise<void> {
    this.removing = name;
    this.notice = undefined;
    try {
      if (await this.host.request(request, params)) { await this.ask(); }
    } catch (error) {
      this.notice = toErrorInfo(error).message;
    } finally {
      this.removing = undefined;
    }
  }

  // ─── drawing

  protected override render(): TemplateResult {
    const { t, status, details } = this;
    const { index } = status;
    const folders = details?.index?.folders ?? [];
    return html`
      <main class="page">
        <header>
          <h1>${t('Index Status')}</h1>
          ${this.renderState()}
          ${index ? this.renderModelNews(index) : nothing}
          ${this.renderActions()}
          ${this.notice ? html`<div class="state alarm" role="alert">${icon('error')}<div>${this.notice}</div></div>` : nothing}
        </header>
        ${index ? html`
          <section aria-label=${t('Folders')}>
            <h2>${t('Folders')}</h2>
            <ul class="rows">${folders.map(folder => this.renderFolder(folder))}</ul>
          </section>
          <div class="columns">
            <section aria-label=${t('Model')}><h2>${t('Model')}</h2>${this.renderModel(index)}</section>
            <section aria-label=${t('Storage')}><h2>${t('Storage')}</h2>${this.renderStorage(index)}</section>
          </div>
          <section aria-label=${t('Skipped files')}>
            <skipped-files .t=${t} .host=${this.host} .severalRoots=${status.roots.length > 1} .held=${this.held(index)} .version=${this.skippedVersion}></skipped-files>
          </section>` : nothing}
        ${this.renderProblems(details?.problems ?? [])}
      </main>`;
  }

  /** Why nothing else can be written now. */
  private held(index: IndexStatus): string {
    const { t } = this;
    return index.state === 'indexing' ? t('The index is being written. Wait until that ends, or pause it.')
      : index.state === 'indexingElsewhere' ? t('Another window is writing this index. Wait until that ends.') : '';
  }

  private renderState(): TemplateResult {
    const { t } = this;
    const { availability, index, error } = this.status;
    const line = (name: IconName, text: string, kind = '', more: TemplateResult | typeof nothing = nothing): TemplateResult =>
      html`<div class="state ${kind}" role=${kind === 'alarm' ? 'alert' : 'status'}>${icon(name)}<div><span>${text}</span>${more}</div></div>`;
    if (availability === 'noFolder') { return line('folder-opened', t('No folder is open.')); }
    if (availability === 'virtual') { return line('warning', t('These files are not on a disk')); }
    if (availability === 'untrusted') { return line('warning', t('This workspace is not trusted, so nothing is read. Trust it, or update the index to read its images all the same.')); }
    if (availability === 'engineFailed') { return line('error', error?.message ?? t('The search engine did not start'), 'alarm'); }
    if (!index) { return line('sync', t('Starting…')); }
    if (index.namesOnly) { return line('warning', index.namesOnly.message); }
    switch (index.state) {
      case 'failed': return line('error', index.error?.message ?? t('Indexing failed.'), 'alarm');
      case 'paused': return line('debug-pause', t('Indexing is paused'), '', html`<p class="dim">${t('Nothing is indexed until you resume, also after a reload of the window. Search works with what there is.')}</p>`);
      case 'indexingElsewhere': return line('sync', t('Another window or the command line is indexing this workspace (process {0}). Search works meanwhile.', index.writer ? String(index.writer.pid) : '?'));
      case 'indexing': return this.renderProgress(index);
      case 'idle': return index.lastRun?.cancelled
        ? line('debug-stop', t('Indexing was stopped; what was done is kept.'))
        // Where nothing was looked at since the window opened, nobody knows whether anything changed.
        : !index.lastRun ? line('file-media', countOf(t, index.assets, '1 image is indexed', '{0} images are indexed'))
        : line('pass', index.assets === 0 ? t('No images were found.') : countOf(t, index.assets, 'Up to date: 1 image is indexed', 'Up to date: {0} images are indexed'), 'good', this.renderLastRun(index));
    }
  }

  /** Why another model is used than the settings say, with what helps; and which one answers while another index is built. */
  private renderModelNews(index: IndexStatus): TemplateResult {
    const { t, status: { modelProblem } } = this;
    const link = (label: string, command: ViewCommand): TemplateResult => html`<button class="link" @click=${() => void this.command(command)}>${label}</button>`;
    return html`
      ${index.serving ? html`<div class="state" role="status">${icon('sync')}<div>${servingText(t, index)}</div></div>` : nothing}
      ${modelProblem ? html`<div class="state" role="status">${icon('warning')}<div>${modelProblemText(t, modelProblem, index.model.name)}
        <p class="links">${modelProblem.downloadable ? link(t('Download'), 'downloadModel') : nothing} ${link(t('Choose Model…'), 'chooseModel')}</p></div></div>` : nothing}`;
  }

  private renderLastRun({ lastRun }: IndexStatus): TemplateResult | typeof nothing {
    const { t } = this;
    if (!lastRun) { return nothing; }
    return html`<div class="facts">
      <span>${t('Last run: {0} images in {1}', lastRun.seen, durationOf(t, lastRun.seconds))}</span>
      <span>${t('{0} new or changed', lastRun.indexed + lastRun.reused)}</span>
      ${lastRun.removed > 0 ? html`<span>${t('{0} removed', lastRun.removed)}</span>` : nothing}
    </div>`;
  }

  private renderProgress({ progress }: IndexStatus): TemplateResult {
    const { t } = this;
    if (!progress) { return html`<div class="state" role="status">${icon('sync')}<div>${t('Indexing…')}</div></div>`; }
    const share = shareOf(progress);
    return html`
      <div class="state">${icon('sync')}<div>${phaseText(t, progress)}</div></div>
      ${renderTrack(t, progress)}
      <div class="facts">
        ${share !== undefined ? html`<span>${t('{0} %', Math.floor(share * 100))}</span>` : nothing}
        ${renderPace(t, progress)}
        ${progress.skipped > 0 ? html`<span>${t('{0} skipped', progress.skipped)}</span>` : nothing}
        ${progress.current ? html`<span>${progress.current}</span>` : nothing}
      </div>`;
  }

  private renderActions(): TemplateResult {
    const { t } = this;
    const { availability, index } = this.status;
    const button = (label: string, command: ViewCommand, primary = false): TemplateResult =>
      html`<vscode-button appearance=${primary ? 'primary' : 'secondary'} @click=${() => void this.command(command)}>${label}</vscode-button>`;
    const working = index?.state === 'indexing' || index?.state === 'indexingElsewhere';
    return html`
      <div class="actions">
        ${availability === 'noFolder' || availability === 'virtual' ? button(t('Open Folder'), 'openFolder', true) : html`
          ${index?.state === 'paused' ? button(t('Resume'), 'resumeIndexing', true) : nothing}
          ${working ? html`${button(t('Pause'), 'pauseIndexing', true)}${button(t('Stop'), 'cancelIndexing')}`
            : index?.state === 'paused' ? nothing : html`${button(t('Update'), 'index', true)}${index ? button(t('Pause'), 'pauseIndexing') : nothing}`}
          ${button(t('Rebuild…'), 'rebuild')}`}
        ${button(t('Copy Diagnostics'), 'copyDiagnostics')}
        ${button(t('Settings'), 'openSettings')}
      </div>`;
  }

  private renderFolder({ root, images, parts, skipped, unreadable, scannedAt }: FolderDetails): TemplateResult {
    const { t } = this;
    return html`
      <li data-root=${root}><span class="name grow">${root}</span>
        <span class="facts">
          <span>${countOf(t, images, '1 image', '{0} images')}</span>
          ${parts > 0 ? html`<span>${countOf(t, parts, '1 cell', '{0} cells')}</span>` : nothing}
          ${skipped > 0 ? html`<button class="link" @click=${() => this.skippedFiles?.focusHeading()}>${t('{0} skipped', skipped)}</button>` : unreadable ? nothing : html`<span>${t('none skipped')}</span>`}
          ${unreadable ? html`<span class="unreadable">${t('the folder does not exist or cannot be read')}</span>` : html`<span>${scannedAt === undefined ? t('not scanned completely yet') : t('scanned {0}', agoOf(scannedAt))}</span>`}
        </span>
      </li>`;
  }

  private renderModel({ model, device }: IndexStatus): TemplateResult {
    const { t, details } = this;
    const row = (label: string, value: unknown) => html`<dt>${label}</dt><dd>${value}</dd>`;
    const button = (label: string, command: ViewCommand): TemplateResult => html`<vscode-button appearance="secondary" @click=${() => void this.command(command)}>${label}</vscode-button>`;
    return html`
      <dl>
        ${row(t('Name'), model.name)}
        ${row(t('Description'), model.description)}
        ${row(t('Version'), `${model.id} ${model.revision}, ${model.variant}`)}
        ${row(t('Dimensions'), numberOf(model.embeddingDim))}
        ${row(t('Licence'), model.license || t('not stated'))}
        ${row(t('Size'), bytesOf(model.sizeBytes))}
        ${row(t('Device'), details?.index?.device ? this.renderDevice(details.index.device) : deviceName(device))}
        ${details?.index ? row(t('Threads'), details.threads === 0 ? t('{0}, one for each core', details.index.threads) : t('{0}, as the settings say', details.index.threads)) : nothing}
      </dl>
      <div class="actions">${button(t('Choose Model…'), 'chooseModel')}${button(t('Model Card'), 'showModelCard')}</div>`;
  }

  /** Which device, how it came to that, and why no other. */
  private renderDevice({ device, reason, rates, problems, fasterVariant }: DeviceReport): TemplateResult {
    const { t } = this;
    const name = deviceName(device);
    const why = {
      asked: () => t('{0}, as the settings say', name),
      unmeasured: () => t('{0} so far; the first indexing that takes longer measures whether another device is faster', name),
      untried: () => t('{0} so far; the device of the settings is tried with the next images', name),
      measured: () => t('{0}, the fastest by measurement', name),
      only: () => t('{0}; no other device works here', name),
    }[reason]();
    const rate = ({ device: each, imagesPerSecond }: DeviceReport['rates'][number]) => t('{0}: {1} images/s', deviceName(each), numberOf(Math.round(imagesPerSecond * 10) / 10));
    return html`${why}${rates.length > 0 ? html` <span class="dim">(${rates.map(rate).join(', ')})</span>` : nothing}
      ${problems.map(problem => html`<div class="dim" title=${problem.detail}>${this.problemText(problem)}</div>`)}
      ${fasterVariant ? html`<div>${t('The variant {0} of this model is {1} times as fast on this machine.', fasterVariant.variant, numberOf(Math.round(fasterVariant.factor * 10) / 10))}</div>` : nothing}`;
  }

  private problemText({ device, code }: DeviceProblem): string {
    const { t } = this;
    const name = deviceName(device);
    switch (code) {
      case 'unavailable': return t('{0} is not available here.', name);
      case 'crashed': return t('{0} is not used: it crashed.', name);
      case 'hung': return t('{0} is not used: it gave no answer.', name);
      case 'wrong': return t('{0} is not used: its results differ from those of the CPU.', name);
      case 'failed': return t('{0} is not used: it failed. The log says how.', name);
    }
  }

  private renderStorage(index: IndexStatus): TemplateResult {
    const { t } = this;
    const details = this.details?.index;
    if (!details) { return html`<p class="dim">${bytesOf(index.diskBytes)}</p>`; }
    const total = details.spaces.reduce((sum, { bytes }) => sum + bytes, details.thumbnailBytes);
    return html`
      <ul class="rows">
        ${details.spaces.map(space => this.renderSpace(space, index))}
        <li><span class="name grow">${t('Thumbnails')}</span><span class="facts"><span>${t('{0} of at most {1}', bytesOf(details.thumbnailBytes), `${numberOf(Math.round(details.maxThumbnailBytes / 2 ** 20))} MB`)}</span></span></li>
      </ul>
      <p class="dim total">${t('{0} in all', bytesOf(total))}</p>
      ${this.details && this.details.models.length > 0 ? html`
        <h3>${t('Models on this machine')}</h3>
        <ul class="rows">${this.details.models.map(model => this.renderModelOnDisk(model))}</ul>` : nothing}`;
  }

  private renderModelOnDisk({ id, variant, title, sizeBytes, state }: ModelOnDisk): TemplateResult {
    const { t } = this;
    const name = `${title} (${variant})`;
    const tag = { inUse: () => t('in use'), unused: () => undefined, damaged: () => t('damaged'), partial: () => t('interrupted download') }[state]();
    return html`
      <li data-model=${`${id}@${variant}`}>
        <span class="grow"><span class="name">${title}</span> ${variant}${tag === undefined ? nothing : html` <span class="tag">${tag}</span>`}</span>
        <span class="facts">
          <span class="number">${bytesOf(sizeBytes)}</span>
          ${state === 'inUse' ? nothing : html`<button class="link" ?disabled=${this.removing !== undefined} aria-label=${t('Remove {0}', name)} @click=${() => void this.removeOnDisk(name, View.removeModel, { id, variant })}>${t('Remove')}</button>`}
        </span>
      </li>`;
  }

  private renderSpace({ name, role, rows, retired = 0, bytes }: SpaceInfo, index: IndexStatus): TemplateResult {
    const { t } = this;
    const held = this.held(index);
    return html`
      <li data-space=${name}>
        <span class="grow"><span class="name">${name}</span> <span class="tag">${role === 'serving' ? t('in use') : role === 'building' ? t('being built') : t('another model')}</span></span>
        <span class="facts">
          <span>${rows === undefined ? t('cannot be read') : countOf(t, rows, '1 vector', '{0} vectors')}</span>
          ${retired > 0 ? html`<span title=${t('Vectors of files that are gone: when they come back, nothing has to be encoded.')}>${t('{0} kept of files that are gone', retired)}</span>` : nothing}
          <span class="number">${bytesOf(bytes)}</span>
          ${role === 'unused' ? html`<button class="link" ?disabled=${held !== '' || this.removing !== undefined} title=${held || nothing} aria-label=${t('Remove {0}', name)} @click=${() => void this.removeOnDisk(name, View.removeSpace, { name })}>${t('Remove')}</button>` : nothing}
        </span>
      </li>`;
  }

  private renderProblems(problems: readonly Problem[]): TemplateResult {
    const { t } = this;
    const time = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: 'short', timeStyle: 'medium' });
    return html`
      <section aria-label=${t('Last problems')}>
        <div class="head"><h2>${t('Last problems')}</h2><button class="link" @click=${() => void this.command('showLog')}>${t('Show Log')}</button></div>
        ${problems.length === 0 ? html`<p class="dim">${t('No warning and no error since this window opened.')}</p>` : html`
          <ul class="rows">${problems.map(({ at, level, message }) => html`
            <li class="problem ${level}">${icon(level === 'error' ? 'error' : 'warning')}<time datetime=${new Date(at).toISOString()}><span class="sr-only">${level === 'error' ? t('Error') : t('Warning')} </span>${time.format(at)}</time><pre tabindex="0">${message}</pre></li>`)}</ul>`}
      </section>`;
  }
}
