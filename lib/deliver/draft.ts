/**
 * A message on its way through a Maildir (cr.yp.to/proto/maildir.html): it is
 * written whole in tmp, and appears in new by one rename.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { codeOf } from "../base/reason.ts";
import { sync } from "../sys/aio_fsync.ts";
import { closeDescriptor } from "../sys/descriptors.ts";
import { copyFile, writeFile, writeFileAsync } from "../sys/files.ts";
import {
  createIn,
  type FolderUse,
  give,
  moveBetween,
  type Owner,
  ownerOf,
  removeIn,
} from "../sys/folders.ts";
import type { FixedName } from "./fixed_name.ts";
import { syncFolder } from "./folder.ts";
import type { Mailbox } from "./mailbox.ts";
import { makeMaildir, openIn, type Part } from "./maildir_folders.ts";

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

/** Where a copy's text is: in memory, or in the file of another copy. */
export type Text = Uint8Array<ArrayBuffer> | Draft;

/** One mailbox's copy of a message; its file is made when it is needed. */
export class Draft {
  #name = "";
  #file: number | undefined;
  /** Where the file is; undefined when there is none. */
  #part: Part | undefined;
  /** A descriptor of tmp, for whoever goes on at once. */
  #tmp: number | undefined;
  #owner: Owner | null = null;
  #headingBytes = 0;
  #textBytes = 0;

  /**
   * @param host as {@linkcode hostPart} gives it
   * @param createsBase see {@linkcode makeMaildir}
   * @param heading makes what comes before the message
   * @param fixed its name for readers, if it may be there already
   */
  constructor(
    readonly box: Mailbox,
    readonly host: string,
    readonly createsBase: boolean,
    readonly heading: () => Uint8Array,
    readonly fixed?: FixedName | undefined,
  ) {}

  /** The unique part of the file's name, once it has one. */
  get id(): string {
    return this.fixed?.text ?? this.#name;
  }

  /** @param isLast whether {@linkcode publish} follows soon */
  async write(
    bytes: Uint8Array<ArrayBuffer>,
    isLast = false,
  ): Promise<void> {
    this.#textBytes += bytes.length;
    if (this.#file !== undefined) {
      // A long message may have to wait for the disk.
      return await writeFileAsync(this.#file, bytes);
    }
    const heading = this.heading();
    this.#headingBytes = heading.length;
    this.#file = await this.#create();
    if (!isLast) this.#closeTmp();
    writeFile(this.#file, concat([heading, bytes]));
  }

  /** Writes a whole message; resolves when it is on the disk. */
  async copy(text: Text): Promise<void> {
    if (text instanceof Draft) {
      await this.write(empty);
      await copyFile(
        text.#file!,
        text.#headingBytes,
        text.#textBytes,
        this.#file!,
      );
    } else await this.write(text);
    await this.finish();
  }

  /**
   * Resolves when the text is on the disk. Until now the file has not been its
   * owner's, who could have changed what others get a copy of.
   */
  async finish(): Promise<void> {
    if (this.#owner !== null) give(this.#file!, this.#owner);
    await sync(this.#file!);
    this.#closeFile();
  }

  /** Shows a finished one to readers; resolves when that is on the disk. */
  async publish(): Promise<void> {
    if (await this.fixed?.isIn(this.box)) return this.remove();
    const folder = await this.#move();
    this.#part = "new";
    this.#closeTmp();
    await syncFolder(`${this.box.path}/new`, folder);
  }

  /** Takes it back, wherever it is. */
  remove(): void {
    this.#closeFile();
    this.#closeTmp();
    const part = this.#part;
    this.#part = undefined;
    if (part === undefined) return;
    try {
      const folder = openIn(this.box, this.box.within(part), "search");
      try {
        removeIn(folder, part === "tmp" ? this.#fileName : this.#shownName);
      } finally {
        closeDescriptor(folder);
      }
    } catch {
      // What made the message fail is told, and this would be the same.
    }
  }

  get #fileName(): string {
    return `${this.#name}.${this.host}`;
  }

  /** What readers see. */
  get #shownName(): string {
    return this.fixed?.text ?? this.#fileName;
  }

  async #create(): Promise<number> {
    for (let attempt = 1;; attempt++) {
      this.#name = uniqueName();
      try {
        this.#tmp ??= this.#open("tmp", "search");
        const fd = createIn(this.#tmp, this.#fileName);
        this.#owner = ownerOf(this.#tmp);
        this.#part = "tmp";
        return fd;
      } catch (error) {
        const code = codeOf(error);
        if (attempt === attempts) throw error;
        if (code === "ENOENT") {
          this.#closeTmp();
          await makeMaildir(this.box, this.createsBase);
        } else if (code !== "EEXIST") throw error;
      }
    }
  }

  /** @returns a descriptor of new */
  async #move(): Promise<number> {
    try {
      return this.#rename();
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await makeMaildir(this.box, this.createsBase); // it had no new
      return this.#rename();
    }
  }

  #rename(): number {
    this.#tmp ??= this.#open("tmp", "search");
    const folder = this.#open("new", "sync");
    try {
      moveBetween(this.#tmp, folder, this.#fileName, this.#shownName);
      return folder;
    } catch (error) {
      closeDescriptor(folder);
      throw error;
    }
  }

  #open(part: Part, use: FolderUse): number {
    return openIn(this.box, this.box.within(part), use);
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeDescriptor(this.#file);
    this.#file = undefined;
  }

  #closeTmp(): void {
    if (this.#tmp !== undefined) closeDescriptor(this.#tmp);
    this.#tmp = undefined;
  }
}

const empty = new Uint8Array(new ArrayBuffer(0));
