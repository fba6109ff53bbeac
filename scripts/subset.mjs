// Cuts Tabler's style sheet (635 kB) down to its base: element defaults, grid
// and utility classes, and the custom properties those use. Components are our
// own, so a phone on a bad network need not fetch Tabler's. Called by
// scripts/vendor: node scripts/subset.mjs <in> <out>
import { readFileSync, writeFileSync } from "node:fs";

const [input, output] = process.argv.slice(2);
const source = readFileSync(input, "utf8");
const banner = source.match(/\/\*![\s\S]*?\*\//)[0];
const css = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^@charset[^;]*;/, "");

// A class is kept when its whole name matches.
const bp = "(?:-(?:sm|md|lg|xl|xxl))?";
const keep = new RegExp(
  "^\\.(?:" +
    [
      `container(?:-fluid)?`, `row(?:-cols)?${bp}(?:-(?:auto|\\d+))?`, `col${bp}(?:-(?:auto|\\d+))?`, `offset${bp}-\\d+`,
      `g[xy]?${bp}-[0-5]`, `(?:row-|column-)?gap${bp}-[0-5]`,
      `d${bp}-(?:none|inline|inline-block|block|grid|flex|inline-flex|table-cell)`, "d-print-(?:none|block)",
      `flex${bp}-(?:fill|row|column|wrap|nowrap|grow-[01]|shrink-[01]|row-reverse|column-reverse)`,
      `(?:justify-content|align-items|align-self|align-content)${bp}-(?:start|end|center|between|around|evenly|baseline|stretch)`,
      `order${bp}-(?:first|last|[0-5])`, `[mp][tbsexy]?${bp}-(?:auto|[0-6])`,
      `text${bp}-(?:start|end|center)`, "text-(?:nowrap|wrap|break|truncate|lowercase|uppercase|reset|decoration-none)",
      "fw-(?:normal|medium|semibold|bold)", "fst-italic", "lh-[1a-z]+",
      "[wh]-(?:\\d{1,3}|auto)", "m[wh]-100", "min-vh-100",
      "overflow(?:-[xy])?-(?:auto|hidden|visible)", "position-(?:static|relative|absolute|sticky)", "(?:top|bottom|start|end)-0",
      "list-(?:unstyled|inline|inline-item)", "visually-hidden(?:-focusable)?", "stretched-link", "align-(?:top|middle|bottom|baseline)", "vr", "small",
    ].join("|") +
    ")$",
);

function parse(text) {
  const rules = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    if (open < 0) break;
    let depth = 1;
    let end = open + 1;
    for (let quote = ""; depth; end++) {
      const c = text[end];
      if (quote) quote = c === quote ? "" : quote;
      else if (c === '"' || c === "'") quote = c;
      else if (c === "{") depth++;
      else if (c === "}") depth--;
    }
    rules.push({ head: text.slice(at, open).trim(), body: text.slice(open + 1, end - 1) });
    at = end;
  }
  return rules;
}

function wanted(selector) {
  const classes = selector.match(/\.[A-Za-z][\w-]*/g) ?? [];
  if (/\[(?!data-bs-theme|hidden|type|list|href|title|role|disabled)/.test(selector)) return false;
  return classes.every((c) => keep.test(c));
}

// Selectors inside :is() and :where() hold commas of their own.
const split = (head) => head.split(/,(?![^(]*\))/);

function select(rules) {
  const kept = [];
  for (const { head, body } of rules) {
    if (head.startsWith("@media") || head.startsWith("@supports")) {
      const inner = select(parse(body));
      if (inner.length) kept.push({ head, inner });
      continue;
    }
    if (head.startsWith("@")) continue;
    const selectors = split(head).filter(wanted);
    if (selectors.length) kept.push({ head: selectors.join(","), body });
  }
  return kept;
}

const declarations = (body) => body.split(/;(?![^(]*\))/).filter(Boolean);
const isProperty = (d) => d.startsWith("--");
const all = (rules) => rules.flatMap((r) => (r.inner ? all(r.inner) : [r]));

function usedProperties(rules) {
  const defined = new Map();
  const used = new Set();
  const queue = [];
  const mark = (text) => {
    for (const [, name] of text.matchAll(/var\((--[\w-]+)/g)) if (!used.has(name)) used.add(name) && queue.push(name);
  };
  for (const { body } of all(rules)) {
    for (const d of declarations(body)) {
      if (!isProperty(d)) mark(d);
      else defined.set(d.slice(0, d.indexOf(":")), [...(defined.get(d.slice(0, d.indexOf(":"))) ?? []), d]);
    }
  }
  while (queue.length) for (const d of defined.get(queue.pop()) ?? []) mark(d);
  return used;
}

function write(rules, used) {
  return rules
    .map((r) => {
      const body = r.inner
        ? write(r.inner, used)
        : declarations(r.body).filter((d) => !isProperty(d) || used.has(d.slice(0, d.indexOf(":")))).join(";");
      return body ? `${r.head}{${body}}` : "";
    })
    .filter(Boolean)
    .join("\n");
}

const rules = select(parse(css));
// A layer of its own lets our rules win without a fight over specificity.
writeFileSync(output, `@charset "UTF-8";\n${banner}\n@layer tabler{\n${write(rules, usedProperties(rules))}\n}\n`);
