import '@fontsource-variable/inter/index.css';
import './app.css';
import { mount } from 'svelte';
import { Client } from './api/client.ts';
import { pageDoor } from './api/door.ts';
import type { Wire } from './api/socket.ts';
import Root from './Root.svelte';
import { App } from './state/app.svelte.ts';
import { preferences } from './state/preferences.svelte.ts';
import { texts } from './i18n/index.svelte.ts';
import { notify } from './state/notify.ts';

preferences.load();
await texts.use(preferences.language);

const door = pageDoor();
const app = new App(new Client(door), {
  openEvents(profile, query) {
    const url = new URL(`/v1/profiles/${encodeURIComponent(profile)}/events${query}`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(url, door.protocols()) as unknown as Wire;
  },
  notify: (notification) => notify(notification, () => {
    if (notification.chat) app.router.chat(notification.chat);
    else app.router.go({ section: 'activity' });
  }),
});

mount(Root, { target: document.getElementById('app')!, props: { app } });
void app.start();
