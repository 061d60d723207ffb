/**
 * Which target the mail for a domain goes to where somebody has said so, in
 * options or in a file.
 *
 * @module
 */
import { foldCase } from "../base/bytes.ts";
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { problemsIn } from "../base/unusable.ts";
import { domainOf } from "../mail/address.ts";
import { lookupKeys } from "../mail/domain.ts";
import { type Route, RoutesFile } from "./routes.ts";
import type { Refusal, Target } from "./target.ts";
import type { TargetMaker } from "./target_row.ts";

/** How routes were given. */
export interface RoutingOptions {
  /** Of two for a domain the first counts. */
  readonly route: readonly Route[] | null;
  /** Path of a file of more; null for none. */
  readonly routes: string | null;
}

const unreadable: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.3.0",
  text: "unable to read the list of routes",
  by: "routes",
};

export class Routing {
  readonly #routes: ReadonlyMap<string, Target>;
  /** Not there where nobody has named one. */
  readonly file: RoutesFile | null;
  readonly #unread: LastingTrouble;

  /**
   * @param made makes a target, or knows the one that was made
   * @param filed the same of one that the file names
   * @param emit is told of a file that cannot be read
   */
  constructor(
    { route, routes }: RoutingOptions,
    made: (make: TargetMaker) => Target,
    readonly filed: (text: string) => Target,
    emit: Emit,
  ) {
    this.#routes = new Map(
      route?.toReversed().map(({ domain, make }) =>
        [domain, made(make)] as const
      ),
    );
    this.file = routes === null ? null : new RoutesFile(routes);
    this.#unread = new LastingTrouble(emit);
  }

  /** Whether anybody has said anything. */
  get isAny(): boolean {
    return this.file !== null || this.#routes.size > 0;
  }

  /** Those of the options. */
  targets(): Iterable<Target> {
    return this.#routes.values();
  }

  /**
   * Where the mail for a domain goes, options first; null if nobody has said.
   *
   * @param domain as {@linkcode foldedDomain} has it
   */
  of(domain: string): Target | Refusal | null {
    const key = lookupKeys(domain).find((each) => this.#routes.has(each));
    if (key !== undefined) return this.#routes.get(key)!;
    if (this.file === null) return null;
    try {
      const text = this.file.find(domain);
      this.#unread.over();
      return text === null ? null : this.filed(text);
    } catch (error) {
      this.#unread.tell(problemsIn(error));
      return unreadable;
    }
  }
}

/** The domain of a recipient in lower case; "" if it has none. */
export const foldedDomain = (recipient: string): string =>
  foldCase(domainOf(recipient) ?? "");
