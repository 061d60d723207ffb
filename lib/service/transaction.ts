/**
 * Changes of several paths of which all are made, or none.
 *
 * @module
 */
import { reason } from "../base/reason.ts";
import { look, type Lying, put } from "./lying.ts";

/** One of the changes could not be made. */
export class ChangeError extends Error {
  override readonly name = "ChangeError";
}

export class Transaction {
  readonly #before: { path: string; lying: Lying | null }[] = [];

  /** @throws ChangeError */
  put(path: string, lying: Lying | null): void {
    const verb = lying === null ? "remove" : "write";
    try {
      const before = look(path);
      put(path, lying);
      this.#before.push({ path, lying: before });
    } catch (error) {
      throw new ChangeError(`unable to ${verb} ${path}: ${reason(error)}`);
    }
  }

  /**
   * Puts everything back.
   *
   * @returns what could not be put back, a line each
   */
  undo(): string[] {
    const wrong: string[] = [];
    for (const { path, lying } of this.#before.splice(0).reverse()) {
      try {
        put(path, lying);
      } catch (error) {
        wrong.push(`unable to put ${path} back: ${reason(error)}`);
      }
    }
    return wrong;
  }
}
