// Counting and printing of checks.

import assert from "node:assert/strict";

const CHECK_LIMIT_MS = 45_000;

export class Checks {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #group = "set-up";

  /** Runs a group; what it throws outside a check counts as one failure. */
  async group(name, run) {
    this.#group = name;
    try {
      await run();
    } catch (error) {
      this.fail("the rest of the group", error);
    }
  }

  /** Runs one check and prints its line. Answers what the check answers, or nothing if it failed. */
  async check(name, run) {
    try {
      const value = await within(CHECK_LIMIT_MS, run());
      this.#passed += 1;
      console.log(`ok    ${this.#group}: ${name}`);
      return value;
    } catch (error) {
      this.fail(name, error);
    }
  }

  skip(name, reason) {
    this.#skipped += 1;
    console.log(`skip  ${this.#group}: ${name} (${reason})`);
  }

  fail(name, error) {
    this.#failed += 1;
    console.log(`FAIL  ${this.#group}: ${name}: ${error?.message ?? error}`);
  }

  /** Prints the closing line; answers the exit code. */
  report() {
    const skipped = this.#skipped ? `, ${this.#skipped} skipped` : "";
    console.log(`${this.#passed} passed, ${this.#failed} failed${skipped}`);
    return this.#failed || !this.#passed ? 1 : 0;
  }
}

/** The promise, or an error after so many milliseconds. */
export async function within(milliseconds, promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until the condition holds; says what was awaited when it does not. */
export async function until(what, condition, milliseconds = 20_000) {
  const end = Date.now() + milliseconds;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `waited ${milliseconds / 1000} s in vain until ${what}`);
    await pause(50);
  }
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
