/**
 * The status page. All of it can be read without a script; with one it renews
 * what is in `main`.
 *
 * @module
 */
import {
  type AskedFacts,
  type CertificateFacts,
  type Facts,
  type Level,
  type Period,
  periodMs,
  periods,
  type Refusal,
  type RulesFacts,
  type SessionFacts,
} from "./facts.ts";
import { chart } from "./chart.ts";
import { type Html, markup } from "./html.ts";
import { ago, clock, shownName } from "./words.ts";

/** Of one list; the others are counted. */
const mostRows = 200;
const soonDays = 14;
const dayMs = 86_400_000;

/** An address that somebody asked about, and what the rules say of it. */
export interface Explained {
  readonly address: string;
  /** As `postern rules explain` has it; one for each rules file. */
  readonly answers: readonly string[];
}

/**
 * @param name of the machine
 * @param explained null if nobody asked
 * @param today milliseconds since 1970, by the calendar
 */
export function page(
  name: string,
  facts: Facts,
  explained: Explained | null,
  today: number,
): string {
  const { text } = markup`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${facts.active} of ${facts.limit} · postern on ${name}</title>
        <link rel="icon" href="icon.svg">
        <link rel="stylesheet" href="style.css">
        <script src="renew.js" defer></script>
      </head>
      <body>
    <header>
    <h1>postern on ${name}</h1>
    <form action="./" method="get" role="search">
    <label for="address">What the rules say of an address</label>
    <input id="address" name="address" value="${
    explained?.address ??
      ""
  }" autocomplete="off" spellcheck="false" placeholder="192.0.2.1">
    <button>Ask</button>
    </form>
    </header>
    ${explained && answersTo(explained)}
    <main id="facts">
    ${contents(facts, today)}
    </main>
    <footer><p>Read at <time>${clock(today)}</time> UTC, up for ${
    ago(facts.now - facts.startedAt)
  }. <a href="metrics">Metrics for Prometheus</a></p></footer>
      </body>
    </html>
  `;
  return text;
}

function answersTo({ address, answers }: Explained): Html {
  return markup`
    <section aria-labelledby="answer">
    <h2 id="answer">The rules on ${address}</h2>
    ${answers.map((answer) => markup`<pre tabindex="0">${answer}</pre>`)}
    </section>
  `;
}

function contents(facts: Facts, today: number): Html {
  const { sessions, active, now } = facts;
  return markup`${levels(facts)}
${charts(facts.periods, now)}
<section aria-labelledby="now">
<h2 id="now">Connected now: ${active}</h2>
${
    table(
      "Connected now",
      ["client", "since", "calls itself", "doing"],
      sessions.slice(0, mostRows).map((each) => sessionRow(each, now)),
      active,
      "Nobody is connected.",
    )
  }
</section>
<section aria-labelledby="refusals">
<h2 id="refusals">Refused lately</h2>
${
    table(
      "Refused lately",
      ["when", "client", "what", "why"],
      facts.refusals.map((each) => refusalRow(each, now)),
      facts.refusals.length,
      "Nothing has been refused.",
    )
  }
</section>
${asked(facts.asked)}
${files(facts, today)}`;
}

function asked(all: readonly AskedFacts[]): Html {
  if (all.length === 0) return markup``;
  return markup`
    <section aria-labelledby="asked">
    <h2 id="asked">Who is asked</h2>
    ${
    table(
      "Who is asked",
      ["policy or filter", "asked", "minded", "mean", "longest"],
      all.map(askedRow),
      all.length,
      "",
    )
  }
    </section>
  `;
}

const askedRow = ({ name, asked, minded, totalMs, longestMs }: AskedFacts) =>
  markup`
    <tr>
      <th scope="row">${shownName(name)}</th>
      <td class="short">${asked}</td>
      <td class="short">${minded}</td>
      <td class="short">${(totalMs / asked).toFixed(1)} ms</td>
      <td class="short">${longestMs.toFixed(1)} ms</td>
    </tr>
  `;

function levels({ active, limit, levels }: Facts): Html {
  const all = [{ what: "connections", now: active, most: limit }, ...levels];
  return markup`
    <section aria-labelledby="limits">
      <h2 id="limits">Limits</h2>
      <ul class="levels">
    ${all.map(level)}
      </ul>
    </section>
  `;
}

function level({ what, now, most }: Level): Html {
  const state = now >= most ? "full" : now >= 0.8 * most ? "near" : "fine";
  const words = state === "fine"
    ? ""
    : state === "full"
    ? " (full)"
    : " (near)";
  return markup`
    <li
      class="${state}"><span>${what}</span> <b>${now} of ${most}${words}</b>
    <meter min="0" max="${most}" high="${
    0.8 *
    most
  }" value="${now}" aria-label="${what}">${now} of ${most}</meter></li>
  `;
}

const counted = [
  ["Connections", "connections"],
  ["Messages stored", "stored"],
  ["Refused", "refused"],
  ["Sessions at once", "sessions"],
] as const;

function charts(found: readonly Period[], now: number): Html {
  const last = Math.floor(now / periodMs);
  const byIndex = new Map(found.map((each) => [each.index, each]));
  const minutes = periods * periodMs / 60_000;
  return markup`
    <section aria-labelledby="lately">
      <h2 id="lately">The last ${minutes} minutes</h2>
      <div class="charts">
    ${
    counted.map(([title, key]) => {
      const values = Array.from(
        { length: periods },
        (_, i) => byIndex.get(last - periods + 1 + i)?.[key] ?? 0,
      );
      const most = Math.max(...values);
      const total = values.reduce((sum, value) => sum + value, 0);
      const words = key === "sessions"
        ? `${most} at most`
        : `${total}, at most ${most} in ${periodMs / 1000} seconds`;
      return chart(title, values, words);
    })
  }
      </div>
    </section>
  `;
}

function sessionRow(
  { ip, host, helo, since, doing }: SessionFacts,
  now: number,
): Html {
  return markup`
    <tr>
      <th scope="row">${ip}${
    host === null ? null : markup`
        <small>${shownName(host)}</small>
      `
  }</th>
      <td class="short">${ago(now - since)}</td>
      <td>${helo === null ? "" : shownName(helo)}</td>
      <td>${doing}</td>
    </tr>
  `;
}

const refusalRow = ({ time, ip, what, why }: Refusal, now: number): Html =>
  markup`
    <tr>
      <td class="short">${ago(now - time)} ago</td>
      <th scope="row">${shownName(ip)}</th>
      <td class="short">${what}</td>
      <td>${shownName(why)}</td>
    </tr>
  `;

function table(
  caption: string,
  heads: readonly string[],
  rows: readonly Html[],
  total: number,
  none: string,
): Html {
  if (total === 0) return markup`<p>${none}</p>`;
  const more = total - rows.length;
  return markup`
    <div class="wide" tabindex="0" role="region"
      aria-label="${caption}, in columns">
      <table>
        <thead>
          <tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr>
        </thead>
        <tbody>
    ${rows}</tbody>
      </table>
    </div>${more > 0 ? markup`<p>and ${more} more</p>` : null}
  `;
}

function files({ certificates, rules }: Facts, today: number): Html {
  if (certificates.length + rules.length === 0) return markup``;
  return markup`
    <section aria-labelledby="files">
      <h2 id="files">Certificates and rules</h2>
      <ul>
    ${certificates.map((each) => certificate(each, today))}${
    rules.map((each) => rulesFile(each, today))
  }</ul>
    </section>
  `;
}

function certificate({ path, expires }: CertificateFacts, today: number): Html {
  const days = Math.floor((expires - today) / dayMs);
  const state = days < 0 ? "full" : days < soonDays ? "near" : "fine";
  const words = days < 0 ? "has expired" : `${days} days left`;
  return markup`
    <li class="${state}">${path}: <b>${words}</b></li>
  `;
}

const rulesFile = ({ path, written }: RulesFacts, today: number): Html =>
  markup`
    <li class="${written === null ? "full" : "fine"}">${path}: <b>${
    written === null ? "is not there" : `written ${ago(today - written)} ago`
  }</b></li>
  `;
