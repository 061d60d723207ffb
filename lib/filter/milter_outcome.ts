/**
 * What a milter's answers mean for a message. Pure.
 *
 * @module
 */
import { editedMessage } from "./edited_header.ts";
import type { Judgement } from "./filter.ts";
import type { MilterBody } from "./milter_body.ts";
import type { Answer, Changes } from "./milter_changes.ts";

/** Of an answer that needs no end of the message. */
export function judged(answer: Answer): Judgement {
  switch (answer.type) {
    case "refused":
      return { verdict: answer.refusal };
    case "discard":
      return { verdict: "discard" };
    default:
      return { verdict: "pass", remark: "accepted" };
  }
}

/** @param folder where a message goes that is to be put aside */
export function changed(
  { edits, sender, recipients, quarantine }: Changes,
  body: MilterBody | null,
  folder: string,
): Judgement {
  const all = quarantine === null ? edits : [
    ...edits,
    { type: "append", field: `X-Quarantine: ${quarantine}` } as const,
  ];
  const words = [
    ...(all.length > 0 ? [`header edits: ${all.length}`] : []),
    ...(body ? ["new body"] : []),
    ...(sender === null ? [] : ["new sender"]),
    ...(recipients === null ? [] : [`now ${recipients.length} recipients`]),
    ...(quarantine === null ? [] : [`quarantined: ${quarantine}`]),
  ];
  return {
    verdict: "pass",
    remark: words.join(", "),
    ...(quarantine !== null && { folder }),
    ...(sender !== null && { sender }),
    ...(recipients !== null && { recipients }),
    ...((all.length > 0 || body !== null) && {
      rewrite: (read, own) =>
        editedMessage(read, all, { own, ...(body && { body: body.read }) }),
    }),
    ...(body && { over: () => body.close() }),
  };
}
