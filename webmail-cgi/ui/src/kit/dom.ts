// webmail-cgi/ui/src/kit/dom.ts -- what compiled views call: Solid's DOM, its templates under a trusted-types policy.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Solid makes elements by setting innerHTML of a <template>, which `require-trusted-types-for 'script'`
// forbids for plain strings. The compiler puts only literals of our own views there; the policy below
// is reachable from nowhere else, so no text of a mail can ever become markup in the page.
import { template as solidTemplate } from 'solid-js/web';

export * from 'solid-js/web';

interface Policy {
  createHTML(html: string): unknown;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createHTML(html: string): string }): Policy;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
const policy = factory?.createPolicy('posthouse-templates', { createHTML: (html) => html });

export function template(html: string, ...rest: [boolean?, boolean?, boolean?]): () => Element {
  const trusted = (policy ? policy.createHTML(html) : html) as string;
  return (solidTemplate as (html: string, ...rest: unknown[]) => () => Element)(trusted, ...rest);
}
