/** A run of the index in words and as a bar: the same in the status line and on the status page. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { IndexProgress } from '../src/protocol';
import { durationOf, type Translate } from './localize';

/** Whether it can be told how far the run is. */
const isKnown = ({ total, phase }: IndexProgress): boolean => total > 0 && phase !== 'scanning' && phase !== 'optimizing';

/** How much is done, [0, 1]; undefined while nobody can tell. */
export const shareOf = (progress: IndexProgress): number | undefined => isKnown(progress) ? Math.min(1, progress.done / progress.total) : undefined;

export function phaseText(t: Translate, { phase, done, total }: IndexProgress): string {
  switch (phase) {
    case 'scanning': return total > 0 ? t('Looking for images: {0} so far', total) : t('Looking for images…');
    case 'hashing': return t('Comparing {0} of {1}', done, total);
    case 'encoding': return t('Indexing {0} of {1}', done, total);
    case 'optimizing': return t('Tidying the index…');
  }
}

/** Speed and time left, each in a span, where they are known. */
export function renderPace(t: Translate, progress: IndexProgress): TemplateResult | typeof nothing {
  if (!isKnown(progress)) { return nothing; }
  const { imagesPerSecond, secondsLeft } = progress;
  return html`${imagesPerSecond > 0 ? html`<span>${t('{0} images/s', Math.round(imagesPerSecond))}</span>` : nothing}${secondsLeft !== undefined
    ? html`<span>${t('{0} left', durationOf(t, secondsLeft))}</span>` : nothing}`;
}

/** The bar slides to and fro while nobody can tell how far it is. Its place and height are the page's. */
export function renderTrack(t: Translate, progress: IndexProgress): TemplateResult {
  const share = shareOf(progress);
  // A property, because the content security policy forbids style attributes.
  return html`<div class="track ${share === undefined ? 'unknown' : ''}" role="progressbar" aria-label=${t('Indexing')} aria-valuemin="0" aria-valuemax=${share === undefined ? nothing : progress.total}
    aria-valuenow=${share === undefined ? nothing : progress.done} aria-valuetext=${phaseText(t, progress)}><div class="done" .style=${share === undefined ? '' : `transform: scaleX(${share})`}></div></div>`;
}

export const trackStyles = css`
  .track { overflow: hidden; background: color-mix(in srgb, var(--meter) 20%, transparent); }
  .done { height: 100%; background: var(--meter); transform-origin: 0 0; transition: transform .3s linear; }
  .unknown .done { width: 30%; animation: slide 1.4s ease-in-out infinite; }
  @keyframes slide { from { translate: -100% 0; } to { translate: 340% 0; } }
  @media (forced-colors: active) { .done { background: Highlight; } }
`;
