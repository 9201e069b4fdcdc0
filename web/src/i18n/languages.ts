/** The languages there are. `ar-XB` is for tests: English, laid out from right to left. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', 'ar-XB': 'Right to left (test)' } as const;
export type Language = keyof typeof LANGUAGES;

export function isLanguage(text: string): text is Language {
  return text in LANGUAGES;
}

export function direction(language: Language): 'ltr' | 'rtl' {
  return language === 'ar-XB' ? 'rtl' : 'ltr';
}
