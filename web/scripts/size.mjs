// Says how much JavaScript the built app ships, compressed, and fails above the limit.
// The emoji data is fetched when the picker opens for the first time and is counted apart.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 300_000;
const folder = new URL('../dist/assets/', import.meta.url);
let shipped = 0;
let emoji = 0;
for (const name of readdirSync(folder)) {
  if (!name.endsWith('.js')) continue;
  const size = gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length;
  if (name.startsWith('compact')) emoji += size;
  else shipped += size;
}
console.log(`JavaScript: ${(shipped / 1000).toFixed(1)} kB compressed of ${LIMIT / 1000}; emoji data: ${(emoji / 1000).toFixed(1)} kB, on demand`);
if (shipped > LIMIT) process.exit(1);
