/** Anything thrown, as a stable code and a message for the user. */
import { CancellationError } from 'vscode';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { AssetSearchError } from '../errors';
import type { ErrorInfo } from '../protocol';

/** What can be shown or sent of any thrown value. */
export function toErrorInfo(error: unknown): ErrorInfo {
  if (error instanceof AssetSearchError) { return { code: error.code, message: error.message }; }
  if (error instanceof CancellationError) { return { code: 'cancelled', message: error.message }; }
  if (error instanceof ResponseError) {
    const data: unknown = error.data;
    if (isErrorInfo(data)) { return { code: data.code, message: data.message }; }
    if (error.code === ErrorCodes.PendingResponseRejected) { return { code: 'engineCrashed', message: error.message }; }
    // LSP's RequestCancelled.
    if (error.code === -32800) { return { code: 'cancelled', message: error.message }; }
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** The same error as a JSON-RPC reply. */
export function toResponseError(error: unknown): ResponseError<ErrorInfo> {
  const info = toErrorInfo(error);
  return new ResponseError(ErrorCodes.InternalError, info.message, info);
}

export const isCancelled = (error: unknown): boolean => toErrorInfo(error).code === 'cancelled';

function isErrorInfo(value: unknown): value is ErrorInfo {
  return typeof value === 'object' && value !== null
    && typeof (value as ErrorInfo).code === 'string' && typeof (value as ErrorInfo).message === 'string';
}
