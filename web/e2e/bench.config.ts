import { defineConfig } from 'vitest/config';

// Figures of the page, with its floors beside them: `npm run bench`. Never a test: machines differ.
export default defineConfig({
  test: { include: ['e2e/bench.ts'], environment: 'node', fileParallelism: false, testTimeout: 300_000, hookTimeout: 120_000 },
});
