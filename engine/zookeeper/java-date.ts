// A moment as java.util.Date prints it in UTC: "Fri Nov 20 23:15:44 UTC 2026". The host's calendar does not exist below engine/host.

const DAY_NAMES = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"] as const;
const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** @param atMs milliseconds since 1970, not negative. */
export function javaDateText(atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  let days = Math.floor(seconds / 86_400);
  const dayName = DAY_NAMES[days % 7] ?? "";
  let year = 1970;
  while (days >= (isLeapYear(year) ? 366 : 365)) {
    days -= isLeapYear(year) ? 366 : 365;
    year += 1;
  }
  let month = 0;
  for (; month < 11; month += 1) {
    const length = (MONTH_DAYS[month] ?? 31) + (month === 1 && isLeapYear(year) ? 1 : 0);
    if (days < length) break;
    days -= length;
  }
  const time = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits).join(":");
  return `${dayName} ${MONTH_NAMES[month] ?? ""} ${twoDigits(days + 1)} ${time} UTC ${year}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
