/**
 * Which filters the sessions of a gate show whole messages to, by its options.
 * What is not wanted is not loaded.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { spoolDescriptors, spoolFolder } from "../deliver/spool.ts";
import type { Target } from "../deliver/target.ts";
import type { FilterSession } from "../filter/filter.ts";
import type { MilterAddress } from "../filter/milter_address.ts";
import type { Patience } from "../filter/patience.ts";
import type { Inquiry } from "../smtp/actions.ts";
import type { SessionFacts } from "./session_facts.ts";

/** Their options. */
export interface FilterOptions {
  readonly authenticationResults: boolean;
  readonly dmarcReject: boolean;
  readonly milters: readonly MilterAddress[] | null;
  readonly rspamd: string | null;
  readonly filterSeconds: number;
  readonly filterFailure: Patience["onFailure"];
  readonly junk: string;
}

/** How long the checks of where a message comes from may take, and a lookup. */
const resultsSeconds = 30, lookupSeconds = 10;

/** Its connection, and a new body that it makes. */
const milterDescriptors = 1 + spoolDescriptors;
/** Its connection. */
const rspamdDescriptors = 1;

/** Makes a filter of a session; null where it minds nothing of it. */
type Maker = (session: SessionFacts) => FilterSession | null;

/** What was loaded. */
interface Loaded {
  readonly makers: readonly Maker[];
  readonly filtered: typeof import("../filter/filtered.ts").filtered;
}

export class SmtpFilters {
  readonly #loaded: Promise<Loaded> | null;

  /**
   * @param emit is told of troubles
   * @param isShared whether this process serves others than one client
   */
  constructor(
    readonly options: FilterOptions,
    readonly emit: Emit,
    isShared: boolean,
  ) {
    this.#loaded = wantsFilters(options) ? load(options, emit, isShared) : null;
    this.#loaded?.catch(() => {}); // told by prepare, or at the first message
  }

  /** Descriptors that a message holds meanwhile. */
  get descriptors(): number {
    if (this.#loaded === null) return 0;
    const { milters, rspamd } = this.options;
    return spoolDescriptors + milterDescriptors * (milters?.length ?? 0) +
      (rspamd === null ? 0 : rspamdDescriptors);
  }

  get #asksOfRecipients(): boolean {
    return (this.options.milters?.length ?? 0) > 0;
  }

  /** @throws Error that says what cannot be loaded */
  async prepare(): Promise<void> {
    await this.#loaded;
  }

  /** A target that shows messages to filters first, if there are any. */
  before(target: Target, session: SessionFacts): Target {
    const loaded = this.#loaded;
    if (loaded === null) return target;
    const { emit } = this;
    const { me, connection, name, env } = session;
    const options = {
      ...{ me, connection, session: name, emit },
      folder: spoolFolder(env),
    };
    // Most sessions that are idle never come to it.
    let made: Promise<Target> | null = null;
    const wrapped = () =>
      made ??= loaded.then(({ makers, filtered }) => {
        const filters = makers.map((make) => make(session))
          .filter((filter) => filter !== null);
        return filters.length === 0
          ? target
          : filtered(target, filters, options);
      });
    return {
      get name() {
        return target.name;
      },
      takesBinary: false, // what filters know are lines
      takesUtf8: target.takesUtf8,
      descriptors: target.descriptors,
      accepts: target.accepts?.bind(target),
      ...((target.offer || this.#asksOfRecipients) && {
        offer: async (inquiry: Inquiry) =>
          await (await wrapped()).offer?.(inquiry) ?? null,
      }),
      leave() {
        if (made === null) target.leave?.();
        // What kept it from being made was told where it was wanted.
        else made.then((all) => all.leave?.()).catch(() => {});
      },
      open: async (envelope, submitter) =>
        (await wrapped()).open(envelope, submitter),
    };
  }
}

/** Whether messages are shown to anybody. */
export const wantsFilters = (
  { authenticationResults, dmarcReject, milters, rspamd }: FilterOptions,
): boolean =>
  authenticationResults || dmarcReject || milters !== null || rspamd !== null;

async function load(
  options: FilterOptions,
  emit: Emit,
  isShared: boolean,
): Promise<Loaded> {
  const { authenticationResults, dmarcReject } = options;
  const makers: Maker[] = [];
  if (authenticationResults || dmarcReject) {
    const [{ authentication }, { dnsResolver }, helpers] = await Promise.all([
      import("../filter/authentication.ts"),
      import("../net/resolver.ts"),
      isShared ? import("../helper/helpers.ts") : null,
    ]);
    const shared = {
      resolver: dnsResolver(lookupSeconds),
      helper: helpers?.helperFor("mail", emit),
      seconds: resultsSeconds,
      records: authenticationResults,
      obeysDmarc: dmarcReject,
      emit,
    };
    makers.push(({ env, me }) =>
      // Ours, whatever SPF says.
      env.has("RELAYCLIENT") ? null : authentication({ ...shared, me })
    );
  }
  if (options.milters !== null) {
    const [{ Milter }, { Turns }] = await Promise.all([
      import("../filter/milter.ts"),
      import("../filter/patience.ts"),
    ]);
    const patience = patienceIn(options);
    for (const { text, address } of options.milters) {
      const shared = {
        name: `milter:${text}`,
        turns: new Turns(),
        ...{ address, patience },
        lasting: new LastingTrouble(emit),
      };
      makers.push(({ connection, env }) =>
        new Milter(connection, {
          ...shared,
          folder: options.junk,
          spoolFolder: spoolFolder(env),
        })
      );
    }
  }
  if (options.rspamd !== null) {
    const { rspamd } = await import("../filter/rspamd.ts");
    const asked = rspamd({
      url: options.rspamd,
      patience: patienceIn(options),
      folder: options.junk,
      emit,
    });
    makers.push(() => asked);
  }
  const { filtered } = await import("../filter/filtered.ts");
  return { makers, filtered };
}

const patienceIn = (
  { filterSeconds, filterFailure }: FilterOptions,
): Patience => ({ seconds: filterSeconds, onFailure: filterFailure });
