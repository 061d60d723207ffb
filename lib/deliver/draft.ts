/**
 * A message on its way through a Maildir (cr.yp.to/proto/maildir.html): it is
 * written whole in tmp, and appears in new by one rename.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import {
  createFile,
  renameFile,
  writeFile,
  writeFileAsync,
} from "../sys/files.ts";
import { sync } from "../sys/aio_fsync.ts";
import { codeOf } from "../base/reason.ts";
import { makeFolder, syncAbove, syncFolder } from "./folder.ts";

/** One process may have another's id, on another host or after a restart. */
const random = [...crypto.getRandomValues(new Uint8Array(4))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");

let count = 0;

/** How often another name is tried when one is taken. */
const attempts = 10;

/** What a name starts with: unique on this host, in the page's letters. */
export function uniqueName(): string {
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  const microseconds = String((now % 1000) * 1000).padStart(6, "0");
  return `${seconds}.R${random}M${microseconds}P${Deno.pid}Q${++count}`;
}

/** A host name as part of a file's; the page's replacement of `/` and `:`. */
export function hostPart(host: string): string {
  return host.replaceAll("/", "\\057").replaceAll(":", "\\072");
}

/**
 * Makes what is missing of a Maildir.
 *
 * @param base a folder that has to be there already, if not null
 */
export async function makeMaildir(
  path: string,
  base: string | null,
): Promise<void> {
  if (base !== null) await Deno.stat(base);
  const [inNew, inCur] = await Promise.all(
    ["new", "cur"].map((part) => makeFolder(`${path}/${part}`)),
  );
  const made = [...inNew, ...inCur];
  if (made.length === 0 && await exists(`${path}/tmp`)) return;
  await syncAbove(`${path}/new`, made);
  // Last: whoever sees it relies on the others, and on their being durable.
  await makeFolder(`${path}/tmp`);
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

/** One mailbox's copy of a message; its file is made when it is needed. */
export class Draft {
  #name = "";
  #fd: number | undefined;
  /** Where the file is; undefined when there is none. */
  #path: string | undefined;

  /**
   * @param host as {@linkcode hostPart} gives it
   * @param base see {@linkcode makeMaildir}
   * @param heading what comes before the message
   */
  constructor(
    readonly maildir: string,
    readonly host: string,
    readonly base: string | null,
    readonly heading: Uint8Array,
  ) {}

  /** The unique part of the file's name, once it has one. */
  get id(): string {
    return this.#name;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#fd !== undefined) {
      // A long message may have to wait for the disk.
      return await writeFileAsync(this.#fd, bytes);
    }
    this.#fd = await this.#create();
    writeFile(this.#fd, concat([this.heading, bytes]));
  }

  /** Resolves when the text is on the disk. */
  async finish(): Promise<void> {
    await sync(this.#fd!);
    this.#close();
  }

  /** Shows a finished one to readers; resolves when that is on the disk. */
  async publish(): Promise<void> {
    const path = `${this.maildir}/new/${this.#name}.${this.host}`;
    try {
      renameFile(this.#path!, path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await makeMaildir(this.maildir, this.base); // it had no new
      renameFile(this.#path!, path);
    }
    this.#path = path;
    await syncFolder(`${this.maildir}/new`);
  }

  /** Takes it back, wherever it is. */
  async remove(): Promise<void> {
    this.#close();
    const path = this.#path;
    this.#path = undefined;
    if (path) await Deno.remove(path).catch(() => {});
  }

  async #create(): Promise<number> {
    for (let attempt = 1;; attempt++) {
      this.#name = uniqueName();
      const path = `${this.maildir}/tmp/${this.#name}.${this.host}`;
      try {
        const fd = createFile(path, 0o600);
        this.#path = path;
        return fd;
      } catch (error) {
        const code = codeOf(error);
        if (attempt === attempts) throw error;
        if (code === "ENOENT") await makeMaildir(this.maildir, this.base);
        else if (code !== "EEXIST") throw error;
      }
    }
  }

  #close(): void {
    if (this.#fd !== undefined) closeDescriptor(this.#fd);
    this.#fd = undefined;
  }
}
