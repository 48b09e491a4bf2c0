/** The two errors of the product: one that ends an operation, and one that only skips a file. */
import type { ErrorCode, SkipCode } from './protocol';

/** Ends the operation. `code` is stable; the message says what happened and what to do next. */
export class AssetSearchError extends Error {
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AssetSearchError';
  }
}

/** One file cannot be indexed; the run goes on. `reason` says what is wrong, `remedy` what the user can do. */
export class SkipError extends Error {
  constructor(readonly code: SkipCode, readonly reason: string, readonly remedy: string) {
    super(reason);
    this.name = 'SkipError';
  }
}

/** The error of an operation that its caller cancelled. */
export function cancelled(): AssetSearchError {
  return new AssetSearchError('cancelled', 'Cancelled.');
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
