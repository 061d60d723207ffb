/**
 * The checks themselves, whose cost a stranger chooses: in a helper, or in a
 * process that has one client.
 *
 * @module
 */
import type { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { textOf } from "../base/bytes.ts";
import type { Answerer, Call } from "../helper/question.ts";
import type { Lookup } from "../net/resolver.ts";
import { checkedMessage, Uncheckable } from "./checked_message.ts";
import { isEvaluable, type Sender } from "./claims.ts";
import type { Identifiers } from "./dmarc.ts";
import type { NodeResolver } from "./mailauth.ts";
import { cleanRow } from "./results_header.ts";
import {
  decoded,
  encoded,
  type Message,
  type Results,
  type SpfResult,
  type Written,
} from "./questions.ts";

const moreText = new Uint8Array(new ArrayBuffer(0));
const failureLimit = 200;
/** A signature has a few names in its row. */
const rowLimit = 2000;

/** Loads what is needed, which takes some 200 ms. */
export async function prepare(): Promise<void> {
  await import("./mailauth.ts");
}

export const answer: Answerer = async (question, call, hurry) => {
  const { check, sender, me } = decoded(question) as Written;
  const resolver = await resolverBy(call);
  return encoded(
    check === "spf"
      ? await evaluate(sender, me, resolver)
      : await examine(sender, messageBy(call), me, resolver, hurry),
  );
};

async function resolverBy(call: Call): Promise<NodeResolver> {
  const { nodeResolver } = await import("./mailauth.ts");
  return nodeResolver(async (name, type) => {
    try {
      return decoded(await call(encoded({ name, type }))) as Lookup;
    } catch (error) {
      return { type: "failed", reason: said(error) };
    }
  });
}

async function* messageBy(call: Call): Message & AsyncGenerator {
  for (;;) {
    const bytes = await call(moreText);
    if (bytes.length === 0) return;
    yield bytes;
  }
}

const said = (error: unknown) => String(error).slice(0, failureLimit);

async function evaluate(
  sender: Sender,
  me: string,
  resolver: NodeResolver,
): Promise<SpfResult> {
  try {
    const { status, domain } = await checkSpf(sender, me, resolver);
    return { result: status.result, domain, failure: null };
  } catch (error) {
    return { result: "temperror", domain: "", failure: said(error) };
  }
}

async function checkSpf(
  { ip, helo, sender }: Sender,
  me: string,
  resolver: NodeResolver,
) {
  const { spf } = await import("./mailauth.ts");
  return await spf({
    ip,
    sender: textOf(sender),
    helo: textOf(helo ?? ip),
    mta: me,
    resolver,
  });
}

interface Rows {
  spf: string;
  dkim: readonly string[];
  arc: string | undefined;
  dmarc: string;
  isUnwanted: boolean;
}

/** What is known when it ends, or has to. */
async function examine(
  sender: Sender,
  message: Message,
  me: string,
  resolver: NodeResolver,
  hurry: AbortSignal,
): Promise<Results> {
  const rows: Rows = {
    spf: "spf=temperror",
    dkim: ["dkim=temperror"],
    arc: undefined,
    dmarc: "dmarc=temperror",
    isUnwanted: false,
  };
  let failure: string | null = null;
  try {
    await check(sender, message, me, resolver, rows);
    if (hurry.aborted) failure = "not checked in time";
  } catch (error) {
    failure = hurry.aborted ? "not checked in time" : said(error);
  }
  const { spf, dkim, arc, dmarc, isUnwanted } = rows;
  return {
    rows: [spf, ...dkim, ...(arc === undefined ? [] : [arc]), dmarc]
      .map((row) => cleanRow(row).slice(0, rowLimit)),
    isUnwanted: isUnwanted && failure === null,
    failure,
  };
}

/** As mailauth's `authenticate` does it, without BIMI and sealing. */
async function check(
  sender: Sender,
  message: Message,
  me: string,
  resolver: NodeResolver,
  rows: Rows,
): Promise<void> {
  const [{ arc }, { dmarcVerdict, isUnwantedByOne }] = await Promise.all([
    import("./mailauth.ts"),
    import("./dmarc.ts"),
  ]);
  const passed: Identifiers = { spf: [], dkim: [] };
  const unknown: Identifiers = { spf: [], dkim: [] };
  const kept = (result: string) =>
    result === "pass" ? passed : result === "temperror" ? unknown : null;
  if (!isEvaluable(sender)) rows.spf = "spf=none";
  else {
    const { info, status, domain } = await checkSpf(sender, me, resolver);
    rows.spf = info;
    kept(status.result)?.spf.push(domain);
  }

  let dkim;
  try {
    dkim = await verified(message, resolver);
  } catch (error) {
    if (!(error instanceof Uncheckable)) throw error;
    rows.dkim = ["dkim=permerror (too long)"];
    rows.dmarc = "dmarc=permerror (too long)";
    // Or else a line that is no field would be a way around each policy.
    rows.isUnwanted = await isUnwantedByOne(
      error.authorDomains.map(textOf),
      { passed, unknown, resolver },
    );
    return;
  }
  const signatures = dkim.results ?? [];
  rows.dkim = signatures.map((each) => each.info!);
  // deno-lint-ignore no-explicit-any
  const arcResult = await arc((dkim as any).arc, { resolver });
  rows.arc = arcResult.info;

  for (const { id, signingDomain, status } of signatures) {
    const { result, aligned, underSized } = status;
    kept(result)?.dkim.push({ id, domain: signingDomain, aligned, underSized });
  }
  const { headerFrom, fromFields } = dkim;
  const { row, isUnwanted } = await dmarcVerdict(
    { headerFrom, fromFields, passed, unknown, arcResult, resolver },
  );
  rows.dmarc = row;
  rows.isUnwanted = isUnwanted;
}

/** mailauth's `dkimVerify`, but the next piece is read when one is done. */
async function verified(
  message: Message,
  resolver: NodeResolver,
): ReturnType<typeof dkimVerify> {
  const { DkimVerifier } = await import("./mailauth.ts");
  const verifier = new DkimVerifier({ resolver });
  const done = (act: (told: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) =>
      act((error) => error ? reject(error) : resolve())
    );
  verifier.on("error", () => {}); // told by the calls below
  for await (const piece of checkedMessage(message)) {
    await done((told) => verifier.write(piece, told));
  }
  await done((told) => verifier.end(told));
  return verifier;
}
