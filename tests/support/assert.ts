/**
 * The assertions that the tests use, under @std/assert's names, on top of
 * node:assert (JSR is not reachable where this is built).
 *
 * @module
 */
import assert from "node:assert/strict";

export function assertEquals<T>(actual: T, expected: T, message?: string) {
  assert.deepStrictEqual(actual, expected, message as string);
}

// deno-lint-ignore no-explicit-any
export function assert_(value: any, message?: string): asserts value {
  assert.ok(value, message as string);
}
export { assert_ as assert };

export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
) {
  assert.match(actual, expected, message as string);
}

export function assertThrows(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any
  errorClass?: new (...args: any[]) => Error,
  messageIncludes?: string,
): Error {
  try {
    fn();
  } catch (error) {
    assert.ok(error instanceof (errorClass ?? Error), `threw ${error}`);
    if (messageIncludes) {
      assert.ok(
        (error as Error).message.includes(messageIncludes),
        `"${(error as Error).message}" lacks "${messageIncludes}"`,
      );
    }
    return error as Error;
  }
  assert.fail("nothing was thrown");
}

export async function assertRejects(
  fn: () => Promise<unknown>,
  // deno-lint-ignore no-explicit-any
  errorClass?: new (...args: any[]) => Error,
  messageIncludes?: string,
): Promise<Error> {
  let error: unknown;
  try {
    await fn();
  } catch (thrown) {
    error = thrown;
  }
  return assertThrows(
    () => {
      if (error !== undefined) throw error;
    },
    errorClass,
    messageIncludes,
  );
}
