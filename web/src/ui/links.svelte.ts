/** Links lead outside: the first time the person is asked. */
import { preferences } from '../state/preferences.svelte.ts';

class Question {
  url = $state.raw<string | undefined>();
}

export const question = new Question();

export function openLink(event: MouseEvent, url: string): void {
  if (preferences.trustedLinks) return;
  event.preventDefault();
  question.url = url;
}

export function follow(url: string, always: boolean): void {
  if (always) {
    preferences.trustedLinks = true;
    preferences.save();
  }
  question.url = undefined;
  window.open(url, '_blank', 'noopener,noreferrer');
}
