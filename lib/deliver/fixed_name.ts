/**
 * The name of a message in a Maildir that is the same whenever the message is
 * delivered there, by whichever machine: so that it is there once.
 *
 * @module
 */
import { codeOf } from "../base/reason.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import { syncFolder } from "./folder.ts";
import type { Mailbox } from "./mailbox.ts";
import { openIn } from "./maildir_folders.ts";
import type { Once } from "./target.ts";

const idChars = 32;

export class FixedName {
  readonly text: string;

  /**
   * @param id of the message
   * @param mailbox whose copy it is
   */
  constructor(readonly once: Once, id: string, mailbox: string) {
    // An import would cost each start of smtpd some 2 ms, which has no such names.
    // deno-lint-ignore no-process-global
    const { createHash } = process.getBuiltinModule("node:crypto");
    const digest = createHash("sha256").update(JSON.stringify([id, mailbox]))
      .digest("hex").slice(0, idChars);
    // No host: any may deliver it.
    this.text = `${once.seconds}.Q${digest}.postern`;
  }

  /**
   * Whether a mailbox has it; resolves when that is on the disk. What its user
   * has seen is looked for only where somebody may have delivered it before.
   */
  async isIn(box: Mailbox): Promise<boolean> {
    const parts = this.once.isAgain ? ["new", "cur"] : ["new"];
    for (const part of parts) {
      if (!await this.#isIn(box, part)) continue;
      await syncFolder(`${box.path}/${part}`);
      return true;
    }
    return false;
  }

  async #isIn(box: Mailbox, part: string): Promise<boolean> {
    let folder: number;
    try {
      folder = openIn(box, box.within(part), "sync");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
    try {
      const path = `/proc/self/fd/${folder}`;
      if (part === "new") {
        return await Deno.lstat(`${path}/${this.text}`).then(
          () => true,
          () => false, // it is written, then, and that says what is wrong
        );
      }
      for await (const { name } of Deno.readDir(path)) {
        if (this.#isOurs(name)) return true;
      }
      return false;
    } finally {
      closeDescriptor(folder);
    }
  }

  /** Readers add their flags, and other facts, at its end. */
  #isOurs(name: string): boolean {
    return name.startsWith(this.text) &&
      /^(?:[:,]|$)/.test(name.slice(this.text.length));
  }
}
