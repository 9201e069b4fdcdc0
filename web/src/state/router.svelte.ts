/**
 * Where the person is: a path after the `#`, so that the browser's Back works and a reload stays. Holds no secret: ids only.
 */
export type Section = 'chats' | 'contacts' | 'activity' | 'network' | 'settings' | 'communities';

export interface Place {
  section: Section;
  /** The chat, the contact or the page of the settings. */
  id?: string;
  /** What the side panel shows, and for which message or person. */
  panel?: string;
  panelId?: string;
}

export function parsePlace(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [section = '', id] = path.split('/').map(safeDecode);
  const query = new URLSearchParams(search);
  const place: Place = { section: isSection(section) ? section : 'chats' };
  if (id) place.id = id;
  const panel = query.get('panel');
  if (panel) place.panel = panel;
  const panelId = query.get('of');
  if (panelId) place.panelId = panelId;
  return place;
}

export function formatPlace(place: Place): string {
  let text = `#/${place.section}`;
  if (place.id) text += `/${encodeURIComponent(place.id)}`;
  const query = new URLSearchParams();
  if (place.panel) query.set('panel', place.panel);
  if (place.panelId) query.set('of', place.panelId);
  const search = query.toString();
  return search ? `${text}?${search}` : text;
}

export class Router {
  place = $state.raw<Place>({ section: 'chats' });
  /** A message to show in the chat that was gone to. */
  target = $state.raw<string | undefined>();

  listen(): () => void {
    const read = () => (this.place = parsePlace(location.hash));
    read();
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }

  go(place: Place, replace = false): void {
    const hash = formatPlace(place);
    this.place = place;
    if (hash === location.hash) return;
    if (replace) history.replaceState(null, '', hash);
    else history.pushState(null, '', hash);
  }

  chat(id: string, message?: string): void {
    this.target = message;
    this.go({ section: 'chats', id });
  }

  panel(panel?: string, panelId?: string): void {
    const place: Place = { section: this.place.section };
    if (this.place.id) place.id = this.place.id;
    if (panel) place.panel = panel;
    if (panelId) place.panelId = panelId;
    this.go(place, true);
  }
}

function isSection(text: string): text is Section {
  return ['chats', 'contacts', 'activity', 'network', 'settings', 'communities'].includes(text);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
