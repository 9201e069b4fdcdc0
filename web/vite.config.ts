import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { fixture } from './dev/server.ts';

// The app is plain static files with relative addresses: the daemon may serve them from anywhere.
export default defineConfig({
  base: './',
  plugins: [svelte(), fixture()],
  build: {
    target: 'es2024',
    modulePreload: { polyfill: false },
    // Nothing becomes a data: address, so that the content security policy can stay strict.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
  server: { host: '127.0.0.1', port: 5173, strictPort: true },
  preview: { host: '127.0.0.1', port: 4173, strictPort: true },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
