/**
 * Maildir delivery (cr.yp.to/proto/maildir.html): a message is written whole
 * in tmp, and appears in new by one rename. `stored` is said only after the
 * file and the folder new are on the disk.
 *
 * @module
 */
import { toBytes } from "../bytes.ts";
import { reason } from "../reason.ts";
import { storageFailure } from "./storage_failure.ts";
import type { Delivery, Envelope, Message, Refusal, Target } from "./target.ts";

/** A message up to this size is kept in memory and written at once. */
const spillBytes = 65536;

/** Delivers to the Maildir at `path`, which is made if it is missing. */
export class Maildir implements Target {
  readonly takesBinary = true;
  readonly takesUtf8 = true;
  readonly #tmp: string;
  readonly #new: string;
  readonly #host: string;
  #made = false;
  #count = 0;
  #newFolder: Promise<Deno.FsFile> | undefined;

  /**
   * @param host a part of each file's name; `/` and `:` are replaced
   * @param log takes a line for the administrator when a delivery fails
   */
  constructor(
    readonly path: string,
    host: string,
    readonly log: (line: string) => void,
  ) {
    this.#tmp = `${path}/tmp`;
    this.#new = `${path}/new`;
    this.#host = host.replaceAll("/", "\\057").replaceAll(":", "\\072");
  }

  open(envelope: Envelope): Message | Refusal {
    try {
      this.#make();
    } catch (error) {
      return this.#refuse(error);
    }
    const now = Date.now();
    const seconds = Math.floor(now / 1000);
    const micros = String((now % 1000) * 1000).padStart(6, "0");
    const id = `${seconds}.M${micros}P${Deno.pid}Q${++this.#count}`;
    const name = `${id}.${this.#host}`;
    return new MaildirMessage(
      `${this.#tmp}/${name}`,
      `${this.#new}/${name}`,
      id,
      returnPath(envelope),
      () => this.#syncNew(),
      (error) => this.#refuse(error),
    );
  }

  #make(): void {
    if (this.#made) return;
    for (const folder of ["tmp", "new", "cur"]) {
      Deno.mkdirSync(`${this.path}/${folder}`, {
        recursive: true,
        mode: 0o700,
      });
    }
    this.#made = true;
  }

  #refuse(error: unknown): Refusal {
    this.#made = false; // someone may have moved it away
    this.#newFolder?.then((folder) => folder.close(), () => {});
    this.#newFolder = undefined;
    this.log(`unable to deliver to ${this.path}: ${reason(error)}`);
    return storageFailure(error);
  }

  /** A file is not stored before the folder that names it is. */
  async #syncNew(): Promise<void> {
    this.#newFolder ??= Deno.open(this.#new);
    await (await this.#newFolder).sync();
  }
}

class MaildirMessage implements Message {
  #pending: Uint8Array<ArrayBuffer>[];
  #pendingBytes: number;
  #file: Deno.FsFile | undefined;
  #failure: unknown;

  constructor(
    readonly tmpPath: string,
    readonly newPath: string,
    readonly id: string,
    head: Uint8Array<ArrayBuffer>,
    readonly syncNew: () => Promise<void>,
    readonly refuse: (error: unknown) => Refusal,
  ) {
    this.#pending = [head];
    this.#pendingBytes = head.length;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    if (this.#failure) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > spillBytes) return this.#spill();
  }

  async #spill(): Promise<void> {
    const bytes = join(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      this.#file ??= await Deno.open(this.tmpPath, {
        write: true,
        createNew: true,
        mode: 0o600,
      });
      for (let at = 0; at < bytes.length;) {
        at += await this.#file.write(bytes.subarray(at));
      }
    } catch (error) {
      this.#failure = error;
    }
  }

  async commit(): Promise<Delivery> {
    await this.#spill();
    try {
      if (this.#failure) throw this.#failure;
      await this.#file!.sync();
      this.#close();
      await Deno.rename(this.tmpPath, this.newPath);
      await this.syncNew();
      return { type: "stored", id: this.id };
    } catch (error) {
      await this.abandon();
      return this.refuse(error);
    }
  }

  async abandon(): Promise<void> {
    this.#pending = [];
    if (!this.#file && !this.#failure) return;
    this.#close();
    await Deno.remove(this.tmpPath).catch(() => {});
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** What a delivery agent writes first (RFC 5321 4.4), and who it was for. */
function returnPath(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const clean = (address: string) =>
    // deno-lint-ignore no-control-regex
    address.replace(/[\x00-\x1f\x7f]/g, "_");
  const lines = [`Return-Path: <${clean(envelope.sender)}>`];
  for (const to of envelope.recipients) {
    lines.push(`Delivered-To: ${clean(to)}`);
  }
  const end = envelope.binary ? "\r\n" : "\n";
  return toBytes(lines.map((line) => line + end).join(""));
}

function join(parts: Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
