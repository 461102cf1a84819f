// Figures as the page's language writes them; the sentences come with the page.

const { lang, dataset } = document.documentElement;
const kinds = new Intl.PluralRules(lang);

// "82 %" or "82%"
export function percent(share) {
  return dataset.percent.replace("{n}", Math.round(100 * share));
}

// The form of a sentence that goes with a count, such as "one" or "few".
export function counted(forms, count) {
  return forms[kinds.select(count)] ?? forms.other;
}
