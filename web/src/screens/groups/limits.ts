/** A group holds so many, the maker included. */
export const MOST_MEMBERS = 50;
