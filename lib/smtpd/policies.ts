/**
 * Which policies the sessions of a gate ask, by its options. What is not
 * wanted is not loaded.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import type { Target } from "../deliver/target.ts";
import type { Helper } from "../helper/helper.ts";
import type { Resolver } from "../net/resolver.ts";
import type { PolicyAddress } from "../policy/delegation.ts";
import type { DnsblSite } from "../policy/dnsbl_zones.ts";
import { accept, exceptFor, type Policy } from "../policy/question.ts";
import type { Answer } from "../mail/answers.ts";
import type { Inquiry } from "../smtp/actions.ts";
import type { SessionFacts } from "./session_facts.ts";

/** Their options; null for what is not wanted. */
export interface PolicyOptions {
  /** Path of a list of recipients. */
  readonly recipients: string | null;
  /** Where a policy program listens. */
  readonly policy: PolicyAddress | null;
  readonly dnsbl: readonly DnsblSite[] | null;
  readonly dnsblThreshold: number;
  readonly dnsblReject: boolean;
  readonly spf: boolean;
}

/** How long each may take for one question. */
const lookupSeconds = 10;
const rcptcheckSeconds = 30;
const programSeconds = 20;

/** A program to ask about each recipient, from the environment. */
const rcptcheckVariable = "RCPTCHECK";

/** Who asks, and what the control files say. */
export interface Asker extends SessionFacts {
  readonly badRcptTo: Policy | null;
  /** Of whom nobody is asked whether there is such a mailbox. */
  isPostmaster(recipient: string): boolean;
  readonly target: Target;
}

export class SmtpPolicies {
  readonly #shared: Promise<Shared> | null;

  /**
   * @param emit is told of troubles
   * @param isShared whether this process serves others than one client
   */
  constructor(
    readonly options: PolicyOptions,
    readonly emit: Emit,
    isShared: boolean,
  ) {
    const { recipients, policy, dnsbl, spf } = options;
    const wanted = recipients ?? policy ?? dnsbl ?? (spf || null);
    this.#shared = wanted === null ? null : load(options, emit, isShared);
    this.#shared?.catch(() => {}); // told by prepare, or at the first question
  }

  /** @throws Error that says what cannot be loaded */
  async prepare(): Promise<void> {
    await this.#shared;
  }

  /** What answers the questions of one session; null if there are none. */
  forSession(asker: Asker): ((inquiry: Inquiry) => Promise<Answer>) | null {
    const { connection, env, badRcptTo, target, name } = asker;
    const program = env.get(rcptcheckVariable);
    const asksTarget = target.accepts ?? target.offer;
    if (!this.#shared && !badRcptTo && !program && !asksTarget) return null;
    const clientIp = connection.remote.ip;
    const clientHost = connection.remoteHost ?? undefined;
    let policy: Promise<Policy> | undefined;
    return async ({ messageNumber, ...inquiry }) => {
      policy ??= this.#policy(asker);
      const refusal = await target.accepts?.(inquiry.recipient);
      if (refusal) return { ...refusal, by: refusal.by ?? "target" };
      const instance = `${name}-${messageNumber.toString(36)}`;
      const answer = await (await policy)(
        { ...inquiry, clientIp, clientHost, instance },
      );
      // Others are asked last: it costs them more.
      if (answer.type !== "accept" || !target.offer) return answer;
      return await target.offer({ messageNumber, ...inquiry }) ?? answer;
    };
  }

  async #policy(asker: Asker): Promise<Policy> {
    const { env, me, badRcptTo, isPostmaster } = asker;
    const { options, emit } = this;
    const { sessionPolicy } = await import("../policy/session_policy.ts");
    const { resolver, helper, recipients, program } = await this.#shared ??
      nothing;
    const path = env.get(rcptcheckVariable);
    const ofMailboxes = (policy: Policy | "" | undefined) =>
      policy ? exceptFor(isPostmaster, policy) : undefined;
    const rcptcheck = path && (await import("../policy/rcptcheck_program.ts"))
      .rcptcheck(path, env.entries(), rcptcheckSeconds, emit);
    return sessionPolicy({
      trusted: env.has("RELAYCLIENT"),
      badRcptTo: badRcptTo ?? undefined,
      recipients: ofMailboxes(recipients),
      dnsbl: options.dnsbl && resolver
        ? {
          sites: options.dnsbl,
          threshold: options.dnsblThreshold,
          code: options.dnsblReject ? 550 : 451,
          resolver,
          emit,
        }
        : undefined,
      spf: options.spf && resolver ? { me, resolver, helper, emit } : undefined,
      rcptcheck: ofMailboxes(rcptcheck),
      program,
      answered: (policy, answer, milliseconds) =>
        emit({ type: "policy.answered", policy, answer, milliseconds }),
    }) ?? (() => Promise.resolve(accept));
  }
}

/** What the sessions of a process share. */
interface Shared {
  readonly resolver?: Resolver | undefined;
  /** For the checks of mail; without one they are done here. */
  readonly helper?: Helper | undefined;
  readonly recipients?: Policy | undefined;
  readonly program?: Policy | undefined;
}

const nothing: Shared = {};

async function load(
  options: PolicyOptions,
  emit: Emit,
  isShared: boolean,
): Promise<Shared> {
  const { recipients, policy, dnsbl, spf } = options;
  const asksDns = dnsbl || spf;
  const wantsHelper = isShared && spf;
  const [resolver, helpers, list, program] = await Promise.all([
    asksDns ? import("../net/resolver.ts") : null,
    wantsHelper ? import("../helper/helpers.ts") : null,
    recipients === null ? null : import("../policy/recipients_file.ts"),
    policy === null ? null : import("../policy/policy_program.ts"),
  ]);
  return {
    resolver: resolver?.dnsResolver(lookupSeconds),
    helper: helpers?.helperFor("mail", emit),
    recipients: list?.recipientsFile(recipients!, emit),
    program: program?.PolicyProgram &&
      new program.PolicyProgram(policy!, programSeconds, emit).ask,
  };
}
