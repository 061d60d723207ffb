/**
 * The text of a message as a milter is told it: its header field by field, its
 * body in pieces.
 *
 * @module
 */
import { concat, fromBytes } from "../base/bytes.ts";
import { beginningOf } from "./edited_header.ts";
import type { FilteredMail } from "./filter.ts";
import { withCrlf } from "./line_ends.ts";
import {
  bodyPieceBytes,
  type Command,
  command,
  macros,
  packet,
  steps,
  strings,
} from "./milter_codec.ts";
import type { MilterConnection } from "./milter_connection.ts";

export interface MessagePacket {
  readonly letter: Command;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The step by which no reply was agreed on. */
  readonly unanswered: number;
}

/** All that a milter wants to be told of a text, up to its end. */
export async function* messagePackets(
  { read, id }: Pick<FilteredMail, "read" | "id">,
  milter: Pick<MilterConnection, "agrees">,
): AsyncGenerator<MessagePacket> {
  const source = read()[Symbol.asyncIterator]();
  try {
    const { fields, rest } = await beginningOf(source);
    if (!milter.agrees(steps.noHeaders)) {
      const leads = milter.agrees(steps.leadingSpace);
      for (const field of fields) {
        yield {
          letter: command.header,
          bytes: packet(command.header, strings(...parts(field, leads))),
          unanswered: steps.noReplyToHeader,
        };
      }
    }
    if (!milter.agrees(steps.noEndOfHeader)) {
      yield {
        letter: command.endOfHeader,
        bytes: concat([
          macros(command.endOfHeader, { i: id }),
          packet(command.endOfHeader),
        ]),
        unanswered: steps.noReplyToEndOfHeader,
      };
    }
    if (milter.agrees(steps.noBody)) return;
    // The empty line belongs to neither.
    const start = fromBytes(rest.subarray(0, 1)) === "\n" ? 1 : 0;
    let first = true;
    for (
      let bytes = rest.subarray(start);;
      first = false
    ) {
      if (!first) {
        const next = await source.next();
        if (next.done) return;
        bytes = next.value;
      }
      const lines = withCrlf(bytes);
      for (let at = 0; at < lines.length; at += bodyPieceBytes) {
        const piece = lines.slice(at, at + bodyPieceBytes);
        yield {
          letter: command.body,
          bytes: packet(command.body, piece),
          unanswered: steps.noReplyToBody,
        };
      }
    }
  } finally {
    await source.return?.();
  }
}

/** Name and value; a blank after the colon belongs to it only if so agreed. */
function parts(field: string, leads: boolean): [name: string, value: string] {
  const colon = field.indexOf(":");
  const value = field.slice(colon + 1);
  return [
    field.slice(0, colon).trimEnd(),
    leads ? value : value.replace(/^ /, ""),
  ];
}
