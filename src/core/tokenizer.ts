/** Turns texts into the token ids that a model's text graph takes. */
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { AssetSearchError, messageOf } from '../errors';
import type { TextSpec } from '../models/manifest';

/** More characters than any context holds, so that a pasted book costs nothing. */
const maxCharactersPerToken = 100;

export interface TokenBatch {
  /** rows * length ids, each row padded on the right. */
  ids: number[];
  /** 1 for a token, 0 for padding. */
  mask: number[];
  rows: number;
  length: number;
}

export class Tokenizer {
  private readonly tokenizer: HubTokenizer;
  /** Ids that stand for nothing: the unknown token, and a lone word boundary before it. */
  private readonly blank: ReadonlySet<number>;

  /** `json` is the parsed tokenizer.json. Throws AssetSearchError 'modelInvalid'. */
  constructor(json: unknown, private readonly spec: TextSpec) {
    try {
      // A word-level vocabulary takes its unknown token from the configuration beside tokenizer.json, which a manifest does not have.
      this.tokenizer = new HubTokenizer(json as object, { unk_token: (json as { model?: { unk_token?: unknown } }).model?.unk_token });
      this.blank = blankIds((json as { model?: VocabularyModel }).model ?? {});
    } catch (error) {
      throw new AssetSearchError('modelInvalid', `The model's tokenizer.json cannot be used: ${messageOf(error)}.`, { cause: error });
    }
  }

  /** At most contextLength ids; a longer text loses its end, but keeps the special tokens around it. */
  ids(text: string): number[] {
    const { contextLength, addSpecialTokens } = this.spec;
    const bounded = text.slice(0, contextLength * maxCharactersPerToken);
    const all = this.tokenizer.encode(bounded, { add_special_tokens: addSpecialTokens }).ids;
    if (all.length <= contextLength) { return all; }
    const plain = addSpecialTokens ? this.tokenizer.encode(bounded, { add_special_tokens: false }).ids : all;
    const specials = all.length - plain.length;
    let before = 0;
    while (before < specials && all[before] !== plain[0]) { before++; }
    return [...all.slice(0, before), ...plain.slice(0, contextLength - specials), ...all.slice(before + plain.length)];
  }

  /** False for a text of which no piece is in the vocabulary (a character that the model never saw). Always true of byte-level vocabularies, which know all. */
  knows(text: string): boolean {
    const { contextLength } = this.spec;
    return this.tokenizer.encode(text.slice(0, contextLength * maxCharactersPerToken), { add_special_tokens: false }).ids.some(id => !this.blank.has(id));
  }

  /** Pads rows of ids as the model wants them. */
  batch(rows: number[][]): TokenBatch {
    const { contextLength, padId, padding } = this.spec;
    // A graph needs at least one token, also for an empty text.
    const length = padding === 'max' ? contextLength : Math.max(1, ...rows.map(row => row.length));
    const ids = rows.flatMap(row => [...row, ...Array<number>(length - row.length).fill(padId)]);
    const mask = rows.flatMap(row => [...Array<number>(row.length).fill(1), ...Array<number>(length - row.length).fill(0)]);
    return { ids, mask, rows: rows.length, length };
  }
}

interface VocabularyModel { vocab?: Record<string, number> | [string, number][]; unk_id?: number | null; unk_token?: string | null }

function blankIds({ vocab, unk_id: unknownId, unk_token: unknownToken }: VocabularyModel): ReadonlySet<number> {
  const idOf = (token: string): number | undefined => (Array.isArray(vocab) ? vocab.findIndex(([piece]) => piece === token) : vocab?.[token]);
  const ids = [unknownId ?? undefined, unknownToken ? idOf(unknownToken) : undefined, idOf('▁')];
  return new Set(ids.filter((id): id is number => id !== undefined && id >= 0));
}
