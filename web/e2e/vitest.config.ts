import { defineConfig } from 'vitest/config';

// Real daemons, real nodes and a real browser: one file at a time, each with its own small world.
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    bail: 1,
  },
});
