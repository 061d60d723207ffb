import type { Question } from "../../lib/policy/question.ts";

/** A question, with what a test does not care about filled in. */
export function question(of: Partial<Question> = {}): Question {
  return {
    clientIp: "192.0.2.1",
    clientHost: "client.example",
    helo: "helo.example",
    protocol: "ESMTP",
    user: null,
    encrypted: false,
    sender: "sender@from.example",
    recipient: "recipient@to.example",
    sizeBytes: 0,
    recipientCount: 0,
    instance: "1.1",
    ...of,
  };
}
