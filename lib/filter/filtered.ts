/**
 * A target around another one: it keeps a message until it is whole, shows it
 * to filters, and hands on what they have left of it.
 *
 * @module
 */
import type { Connection } from "../base/connection.ts";
import { type Emit, type FilterAnswer, trouble } from "../base/events.ts";
import { fromBytes, toBytes } from "../base/bytes.ts";
import type { Inquiry } from "../smtp/actions.ts";
import { reason } from "../base/reason.ts";
import { withoutField } from "./edited_header.ts";
import type { FilterSession, Judgement, Read } from "./filter.ts";
import { isRefusal } from "../deliver/outcome.ts";
import { Spool, spoolDescriptors } from "../deliver/spool.ts";
import { storageFailure } from "../deliver/storage_failure.ts";
import type {
  Delivery,
  Envelope,
  Message,
  Outcome,
  Refusal,
  Submitter,
  Target,
} from "../deliver/target.ts";

/** One filter reads at a time; one that has been left may not be done yet. */
const readings = 2;

export interface FilteringOptions {
  readonly me: string;
  readonly connection: Connection;
  /** What it is called in logs. */
  readonly session: string;
  /** Where messages past 64 kB are kept meanwhile, in files without a name. */
  readonly folder: string;
  readonly emit: Emit;
}

/** @param filters in their order; one after the other is asked */
export function filtered(
  inner: Target,
  filters: readonly FilterSession[],
  options: FilteringOptions,
): Target {
  const asked = filters.filter(({ recipient }) => recipient !== undefined);
  const offer = async (inquiry: Inquiry): Promise<Refusal | null> => {
    const refusal = await inner.offer?.(inquiry) ?? null;
    return refusal ?? await askAll(asked, inquiry, options);
  };
  return {
    get name() {
      return inner.name;
    },
    takesBinary: false, // what filters know are lines
    takesUtf8: inner.takesUtf8,
    descriptors: inner.descriptors + spoolDescriptors,
    accepts: inner.accepts?.bind(inner),
    ...((inner.offer || asked.length > 0) && { offer }),
    leave() {
      for (const filter of filters) filter.close?.();
      inner.leave?.();
    },
    open: (envelope, submitter) =>
      new FilteredMessage(inner, filters, options, envelope, submitter),
  };
}

/** What RCPT is answered with: the first that minds has the word. */
async function askAll(
  filters: readonly FilterSession[],
  inquiry: Inquiry,
  { me, connection, session, emit }: FilteringOptions,
): Promise<Refusal | null> {
  const id = `${session}-${inquiry.messageNumber.toString(36)}`;
  const question = { ...inquiry, me, connection, session, id };
  for (const filter of filters) {
    const since = performance.now();
    const minded = await filter.recipient!(question);
    if (minded === null) continue;
    const { remark = minded.text, ...refusal } = minded;
    const milliseconds = performance.now() - since;
    emit({
      type: "filter.answered",
      ...{ connection, session, id, milliseconds, filter: filter.name },
      ...{ answer: refusal.type, remark },
    });
    return { ...refusal, by: refusal.by ?? filter.name };
  }
  return null;
}

class FilteredMessage implements Message {
  readonly #spool: Spool;

  constructor(
    readonly inner: Target,
    readonly filters: readonly FilterSession[],
    readonly options: FilteringOptions,
    readonly envelope: Envelope,
    readonly submitter: Submitter,
  ) {
    this.#spool = new Spool(options.folder, readings);
  }

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    return this.#spool.append(bytes);
  }

  async commit(): Promise<Outcome> {
    const over: (() => void)[] = [];
    try {
      const own = await this.#ownField();
      const read = () => this.#spool.read();
      const filtering = new Filtering(this.envelope, read, own);
      for (const filter of this.filters) {
        const { envelope, shown } = filtering;
        const { me } = this.options;
        const mail = { ...this.submitter, envelope, me, read: shown };
        const since = performance.now();
        const judgement = await filter.judge(mail);
        this.#tell(filter.name, judgement, performance.now() - since);
        const { verdict } = judgement;
        if (judgement.over) over.push(judgement.over);
        if (verdict === "discard") return this.#vanish(filter.name);
        if (verdict !== "pass") {
          this.#forget();
          return { ...verdict, by: verdict.by ?? filter.name };
        }
        filtering.take(judgement);
      }
      if (filtering.envelope.recipients.length === 0) {
        return this.#vanish("filters");
      }
      return await this.#handOn(filtering);
    } catch (error) {
      const { emit, folder } = this.options;
      emit(trouble(`unable to keep a message in ${folder}: ${reason(error)}`));
      this.#forget();
      return storageFailure(error);
    } finally {
      this.#spool.close();
      for (const each of over) each();
    }
  }

  abandon(): void {
    for (const filter of this.filters) filter.abandoned?.();
    this.#forget();
  }

  #tell(filter: string, judgement: Judgement, milliseconds: number): void {
    const { connection, session, id } = this.submitter;
    const { remark = "" } = judgement;
    this.options.emit({
      type: "filter.answered",
      ...{ connection, session, id, filter, remark, milliseconds },
      answer: answerOf(judgement),
    });
  }

  /** It is taken, and is nowhere: somebody has wanted it so. */
  #vanish(by: string): Delivery {
    this.#forget();
    return { type: "stored", id: `discarded-by-${by}` };
  }

  #forget(): void {
    this.#spool.close();
    this.inner.leave?.();
  }

  async #handOn({ envelope, folder, read }: Filtering): Promise<Outcome> {
    const opened = this.inner.open(envelope, { ...this.submitter, folder });
    const message = opened instanceof Promise ? await opened : opened;
    if (isRefusal(message)) return message;
    try {
      for await (const bytes of read()) await message.append(bytes);
    } catch (error) {
      await message.abandon();
      throw error;
    }
    return await message.commit();
  }

  /** Our own Received field, which is the first that was appended. */
  async #ownField(): Promise<string> {
    for await (const bytes of this.#spool.read()) return firstField(bytes);
    return "";
  }
}

function answerOf({ verdict, folder }: Judgement): FilterAnswer {
  if (typeof verdict !== "string") return verdict.type;
  return verdict === "pass" && folder ? "folder" : verdict;
}

/** Of a Received field's two lines. */
function firstField(bytes: Uint8Array<ArrayBuffer>): string {
  const end = bytes.indexOf(0x0a, bytes.indexOf(0x0a) + 1);
  return fromBytes(bytes.subarray(0, end));
}

/** A message as the filters so far have left it. */
class Filtering {
  folder: string | null = null;

  /** @param own our own Received field, which filters are not shown */
  constructor(
    public envelope: Envelope,
    public read: Read,
    readonly own: string,
  ) {}

  get shown(): Read {
    const { read, own } = this;
    return () => withoutField(read, own);
  }

  take({ top, rewrite, folder, sender, recipients }: Judgement): void {
    this.folder = folder ?? this.folder;
    this.envelope = {
      ...this.envelope,
      ...(sender !== undefined && { sender }),
      ...(recipients !== undefined && { recipients }),
    };
    if (rewrite) {
      const { read, own } = this;
      this.read = () => rewrite(read, own);
    }
    if (top) {
      const { read } = this;
      this.read = () => beneath(top, read);
    }
  }
}

async function* beneath(
  top: string,
  read: Read,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield toBytes(top);
  yield* read();
}
