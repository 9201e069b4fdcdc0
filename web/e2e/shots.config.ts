import { defineConfig } from 'vitest/config';

// Photographs for the documents, from real daemons: `npm run shots`.
export default defineConfig({
  test: { include: ['e2e/shots.ts'], environment: 'node', fileParallelism: false, testTimeout: 120_000, hookTimeout: 240_000 },
});
