/** What is to be said of the model of the settings that does not answer (yet): the same in the status line and on the status page. */
import type { IndexStatus, ViewStatus } from '../src/protocol';
import type { Translate } from './localize';

/** `instead`: the name of the model that is used. The engine's own message says which check failed. */
export function modelProblemText(t: Translate, { code, title, message }: NonNullable<ViewStatus['modelProblem']>, instead: string): string {
  switch (code) {
    case 'modelMissing': return t('The model {0} is not installed. {1} is used instead.', title, instead);
    case 'modelCorrupt': return t('The files of the model {0} are damaged. {1} is used instead.', title, instead);
    default: return `${t('The model {0} cannot be used. {1} is used instead.', title, instead)} ${message}`;
  }
}

/** While `serving` answers in place of `model`. */
export function servingText(t: Translate, { state, model, serving }: IndexStatus): string {
  return state === 'indexing'
    ? t('The index of {0} is being built. The index of {1} answers meanwhile.', model.name, serving?.name ?? '')
    : t('The index of {0} is not complete yet. The index of {1} answers meanwhile.', model.name, serving?.name ?? '');
}
