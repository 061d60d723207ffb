/**
 * The checks themselves, whose cost a stranger chooses: in a helper, or in a
 * process that has one client.
 *
 * @module
 */
import type { dkimVerify } from "mailauth/lib/dkim/verify.js";
import type { Answerer, Call } from "../helper/question.ts";
import type { Lookup } from "../net/resolver.ts";
import { checkedMessage, Uncheckable } from "./checked_message.ts";
import { asText, isEvaluable, type Sender } from "./claims.ts";
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

/** As node:dns's `resolve`. */
// deno-lint-ignore no-explicit-any
type NodeResolver = (name: string, type: string) => Promise<any>;

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
    sender: asText(sender),
    helo: asText(helo ?? ip),
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
    if (error instanceof Uncheckable) {
      rows.dkim = ["dkim=permerror (too long)"];
      rows.dmarc = "dmarc=permerror (too long)";
    } else failure = hurry.aborted ? "not checked in time" : said(error);
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
  const { arc, evaluateDmarc } = await import("./mailauth.ts");
  const spfDomains: string[] = [];
  if (!isEvaluable(sender)) rows.spf = "spf=none";
  else {
    const { info, status, domain } = await checkSpf(sender, me, resolver);
    rows.spf = info;
    if (status.result === "pass") spfDomains.push(domain);
  }

  const dkim = await verified(message, resolver);
  const signatures = dkim.results ?? [];
  rows.dkim = signatures.map((each) => each.info!);
  // deno-lint-ignore no-explicit-any
  const arcResult = await arc((dkim as any).arc, { resolver });
  rows.arc = arcResult.info;

  const { response } = await evaluateDmarc({
    headerFrom: dkim.headerFrom,
    fromFields: dkim.fromFields,
    spfDomains,
    dkimDomains: signatures
      .filter((each) => each.status.result === "pass")
      .map((each) => ({
        id: each.id,
        domain: each.signingDomain,
        aligned: each.status.aligned,
        underSized: each.status.underSized,
      })),
    arcResult,
    resolver,
    // deno-lint-ignore no-explicit-any
  } as any);
  rows.dmarc = response
    ? response.info!
    : "dmarc=permerror (not one author domain)";
  rows.isUnwanted = response !== false && response.policy === "reject" &&
    response.status.result === "fail";
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
