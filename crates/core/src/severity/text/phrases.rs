//! The table of phrases. A pattern is a regular expression over plain sentences (see `normal`), with `{names}` of the
//! vocabulary. A new way to say something is a new line here.

use std::sync::LazyLock;

use regex::Regex;

use super::normal::pattern;

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// Everything that customers use is down, for all.
    Outage,
    /// Customers cannot pay.
    Revenue,
    DataLoss,
    /// A breach or an attack that may become one.
    Breach,
    /// Security work that is no breach.
    Security,
    Regulatory,
    /// Wrong or misplaced data.
    DataWrong,
    FeatureDown,
    /// Something fails; how much is not said.
    Failing,
    Slow,
    /// Requests fail because they are slow.
    TimesOut,
    /// Slow, but it can be used.
    Usable,
    Workaround,
    Cosmetic,
    /// Customers are named as those who feel it.
    Customers,
    /// Not for customers, but for our own people.
    Internal,
    /// Certainly nothing that customers use.
    NotProduction,
    /// So large a share of the users, by a word and not by a count.
    Users(f64),
    /// Now and then.
    Intermittent,
    SloFine,
}

/// One line of the table.
pub(super) struct Phrase {
    mark: Mark,
    pattern: &'static str,
    /// No match after one of these words …
    not_after: &'static [&'static str],
    /// … nor before one of these.
    not_before: &'static [&'static str],
}

const fn p(mark: Mark, pattern: &'static str) -> Phrase {
    Phrase { mark, pattern, not_after: &[], not_before: &[] }
}

impl Phrase {
    const fn not_after(mut self, words: &'static [&'static str]) -> Self {
        self.not_after = words;
        self
    }

    const fn not_before(mut self, words: &'static [&'static str]) -> Self {
        self.not_before = words;
        self
    }
}

/// Vocabulary that patterns name.
const VOCABULARY: &[(&str, &str)] = &[
    (
        "{who}",
        r"(?:(?:end |paying |existing |new |our )?(?:users?|customers?|clients?|people|shoppers?|buyers?|subscribers?|members?|visitors?|merchants?|tenants?|guests?|players?|viewers?|accounts?|organi[sz]ations?|sellers?))",
    ),
    (
        "{customers}",
        r"(?:customers?|clients?|shoppers?|buyers?|subscribers?|merchants?|visitors?|guests?|end[ -]users?|tenants?)",
    ),
    (
        "{cannot}",
        r"(?:can ?not|can't|cant|could not|couldn't|(?:are |is |were |was )?(?:currently )?(?:unable to|not able to|prevented from|blocked from)|fails? to|failing to)",
    ),
    ("{nobody}", r"(?:nobody|no one|no[ -]one|no (?:users?|customers?|clients?|shoppers?))"),
    (
        "{all}",
        r"(?:all (?:of )?(?:the |our )?(?:users?|customers?|clients?|shoppers?|visitors?|people|merchants?|tenants?)|every (?:single )?(?:user|customer|client|visitor|merchant|tenant)|everyone|everybody|100% of (?:our |the )?(?:users|customers))",
    ),
    (
        "{be}",
        r"(?: (?:is|are|was|were|has|have|had|been|being|be|got|went|gone|keeps?|appears?|seems?|to|currently|now|still|again|completely|fully|totally|entirely|hard|all|just|service|api|system|page|flow|process|processing|gateway|endpoint|provider|requests?|calls?|pipeline)){0,6}",
    ),
    (
        "{dead}",
        r"(?:down|offline|unavailable|unreachable|inaccessible|dead|broken|crashed|crashing|failing|not (?:working|loading|responding|available|reachable|accessible|functioning|functional)|stopped working|(?:not|stopped) responding|out of service|erroring|returning (?:only )?(?:5\w\w|http 5\w\w|errors?))",
    ),
    (
        "{gone}",
        r"(?:down|offline|unavailable|unreachable|inaccessible|dead|not (?:loading|responding|available|reachable|accessible|working))",
    ),
    (
        "{pay}",
        r"(?:(?:purchas(?:e|ing)|buy(?:ing)?|pay(?:ing)?|check(?:ing)? ?out)\b|(?:complet(?:e|ing)|finish(?:ing)?|finali[sz](?:e|ing)|mak(?:e|ing)|submit(?:ting)?|plac(?:e|ing))(?: (?:their|any|an?|the|new|its|online))*(?: \w+)? (?:purchases?|orders?|payments?|checkouts?|transactions?|bookings?))",
    ),
    (
        "{site}",
        r"(?:(?:(?:the|our|whole|entire|main|public|customer) )+(?:web ?site|site|app|application|platform|store ?front|web ?shop|shop|store|home ?page|api|product|service|production)|web ?site|platform|store ?front|home ?page|everything|all (?:the |our |customer |production )?(?:services|systems|products|apis|sites))",
    ),
    (
        "{pii}",
        r"(?:pii|personal (?:data|information|details)|personally identifiable information|card ?holder data|(?:credit )?card (?:numbers?|data|details)|health (?:data|records)|patient (?:data|records)|social security numbers?|customer (?:data|records|information|details)|user (?:data|records|information)|e-?mail addresses)",
    ),
    (
        "{exposed}",
        r"(?:exposed|visible|leaked|leaking|disclosed|published|public(?:ly)?|accessible|readable|shown|sent|logged|in (?:the |plain |our )?(?:text|logs?)|breach(?:ed)?|violation|exposure|stolen|exfiltrated|shared|emailed)",
    ),
    ("{gap}", r"(?: [a-z0-9'-]+)"),
];

const LOOKS: &[&str] = &[
    "icon",
    "icons",
    "logo",
    "image",
    "images",
    "layout",
    "label",
    "font",
    "css",
    "style",
    "styling",
    "alignment",
    "tooltip",
    "favicon",
    "avatar",
    "footer",
    "header",
    "banner",
    "padding",
    "spacing",
    "colour",
    "color",
    "theme",
];
const SLOWED: &[&str] = &[
    "slow",
    "slowed",
    "slows",
    "slowing",
    "scale",
    "scaled",
    "scaling",
    "drop",
    "shut",
    "count",
    "break",
    "cool",
    "mark",
    "write",
    "trickle",
    "top",
    "lock",
    "coming",
    "comes",
    "wind",
    "spin",
    "sit",
    "narrowed",
    "track",
    "tracked",
    "instance",
    "instances",
    "node",
    "nodes",
    "replica",
    "replicas",
    "pod",
    "pods",
    "host",
    "hosts",
    "server",
    "container",
    "disk",
    "worker",
    "target",
    "exporter",
    "link",
    "standby",
    "secondary",
    "vm",
    "machine",
    "rate",
    "usage",
    "latency",
    "job",
    "test",
    "tests",
    "build",
    "broker",
    "shard",
];
const LESS: &[&str] = &["to", "from", "by", "the", "menu", "list", "arrow", "time"];
const INSIDE: &[&str] =
    &["of", "on", "in", "for", "behind", "from", "inside", "internal", "via", "staging", "test", "dev"];
const ONLY_TOLD: &[&str] =
    &["reproduce", "confirm", "tell", "see", "find", "say", "determine", "explain", "rule", "be", "wait"];

/// All phrases. The order is of no consequence, except that the first quote of a kind is shown as the provenance.
const PHRASES: &[Phrase] = &[
    // Everything is down.
    p(Mark::Outage, r"\b(?:complete|total|full|global|site ?-?wide|platform ?-?wide|entire|world ?wide|company ?-?wide) (?:[a-z]+ )?(?:outage|blackout|downtime|loss of service)\b"),
    p(Mark::Outage, r"\b{site}(?: {be})?{be} {gone}\b").not_after(INSIDE).not_before(LESS),
    p(Mark::Outage, r"\b(?:{nobody} can|{all} {cannot}|{nobody} (?:is|are) able to) (?:access|reach|use|load|open|get (?:to|into)|connect to)(?: the| our)? (?:web ?site|site|app|application|platform|service|services|product|api|shop|store|anything|it|us)\b"),
    p(Mark::Outage, r"\b(?:{nobody} can|{all} {cannot}|{nobody} (?:is|are) able to) (?:log|sign) ?-?(?:in|on)\b"),
    p(Mark::Outage, r"\b{who} {cannot} (?:access|reach|load|open|connect to|use)(?: the| our)? (?:web ?site|site|app|application|platform|service|services|product|shop|store|anything|us)(?: at all)?\b"),
    p(Mark::Outage, r"\b(?:web ?site|site|platform|application|home ?page) outage\b").not_after(&["partial"]),
    // Bare "API" or "service" is the whole of it at the start only: "search API" is a part.
    p(
        Mark::Outage,
        r"^(?:[a-z]+: ?)?(?:site|app|application|api|shop|store|product|service|production|prod)(?: {be})?{be} {gone}\b",
    )
    .not_before(LESS),
    // Nobody pays.
    p(Mark::Revenue, r"\b(?:{who}|everyone|everybody|they|we|all) {cannot} (?:\w+ )?{pay}").not_before(&["page", "button"]),
    p(Mark::Revenue, r"\b{nobody} (?:can|is able to|are able to|could) (?:\w+ )?{pay}"),
    p(Mark::Revenue, r"\b(?:checkouts?|payments?|purchas(?:es?|ing)|order placement|ordering|card (?:payments?|processing)|orders|transactions)(?: {be})?{be} {dead}\b").not_after(&["internal", "test", "staging", "to", "recurring"]).not_before(LESS),
    p(Mark::Revenue, r"\b(?:all|every|100% of) (?:the |our |card |customer |online )*(?:payments?|orders?|checkouts?|purchases|transactions|sales)(?: {be})?{be} (?:fail\w*|declin\w*|reject\w*|error\w*|lost|blocked|stopped|refused)"),
    p(Mark::Revenue, r"\b(?:no|zero) (?:\w+ )?(?:orders|payments|sales|purchases|transactions) (?:are |is |have |has |been |were |can |be )*(?:coming|going|getting|being|processed|completed|completing|placed|made|accepted|through|since|received)\b"),
    p(Mark::Revenue, r"\b(?:revenue|sales|orders|payments) (?:has |have |is |are )?(?:stopped|at zero|dropped to (?:zero|0)\b|fell to (?:zero|0)\b|halted|gone to zero)"),
    p(Mark::Revenue, r"\b(?:payments?|checkouts?|orders?|purchases|cards|transactions)(?: {be})? (?:fail\w*|declined|rejected|broken|down) (?:for|across) (?:{all}|all regions|all cards|the whole shop)"),
    p(Mark::Revenue, r"\b(?:payments?|checkout) outage\b").not_after(&["partial"]),
    p(Mark::Revenue, r"\b(?:{cannot}|not) (?:take|taking|accept|accepting|process|processing|charge|charging) (?:any |new |the |card |customer |online )*(?:payments?|orders?|cards?|purchases?|transactions?)\b"),
    // Data.
    p(Mark::DataLoss, r"\bdata ?-?loss\b"),
    p(Mark::DataLoss, r"\b(?:data|records?|orders?|rows?|files?|messages|backups?|tables?|uploads|documents|transactions|volumes?)(?: for \w+)?{be} (?:lost|wiped|destroyed|corrupted|overwritten|erased|unrecoverable|permanently deleted|accidentally deleted)\b").not_after(&["test", "staging", "sample"]),
    p(Mark::DataLoss, r"\b(?:data|records|rows|files|documents|backups?|tables?) (?:was|were|has been|have been|got|been) (?:\w+ly )?(?:deleted|dropped|truncated|purged)\b").not_after(&["test", "staging", "sample"]),
    p(Mark::DataLoss, r"\b(?:customer|user|order|production|payment|client) (?:data|records|files|rows|documents) (?:is |are |has |have |gone )*(?:missing|gone|disappeared|vanished)\b"),
    p(Mark::DataLoss, r"\b(?:lost|losing|wiped|destroyed|lose) (?:all |the |our |some |\w+ )?(?:customer |user |order |production |payment |saved )*(?:data|records|rows|files|documents|orders|uploads|backups)\b").not_after(&["packet", "not"]),
    p(Mark::DataLoss, r"\b(?:accidentally|mistakenly|wrongly|unintentionally|irrecoverably|permanently|inadvertently) (?:\w+ ){0,2}?(?:deleted|dropped|wiped|truncated|overwrote|purged|erased)\b"),
    p(Mark::DataLoss, r"\b(?:deleted|dropped|truncated|wiped|purged) (?:the |our |a |an |entire )*(?:production|prod|live|customer|primary|main|whole)(?: \w+){0,2} (?:table|database|db|data|records|rows|bucket|volume|schema)s?\b"),
    p(Mark::DataLoss, r"\b(?:data|database|table|index|file|filesystem|ledger) corruption\b"),
    p(Mark::DataLoss, r"\b(?:corrupt|corrupted|corrupting) (?:\w+ )?(?:data|records|rows|database|orders|balances|files)\b"),
    p(Mark::DataWrong, r"\b(?:wrong|incorrect|stale|inconsistent|duplicated?|out ?dated) (?:\w+ )?(?:data|balances?|prices?|records|orders|invoices|charges|totals|results)\b"),
    p(Mark::DataWrong, r"\b(?:charged|billed) (?:twice|double)\b|\bdouble[ -](?:charged|charges|billing|billed)\b"),
    p(
        Mark::DataLoss,
        r"\b(?:production|prod|live|customer|primary) (?:database|db|tables?|bucket|volume|schema){be} (?:deleted|dropped|wiped|truncated|purged|erased)\b",
    ),
    // Security.
    p(Mark::Breach, r"\bcredential ?-?stuffing\b"),
    p(Mark::Breach, r"\b(?:suspicious|anomalous|malicious|abnormal) (?:\w+ )?(?:authentications?|log ?-?ins?|sign ?-?ins?|access|account activity)(?: attempts?| activity)?\b"),
    p(Mark::Breach, r"\bbrute[ -]?forc\w*"),
    p(Mark::Breach, r"\bunauthori[sz]ed (?:\w+ ){0,2}?(?:access|log ?-?ins?|entry|user|changes?|transfers?|download|use)\b"),
    p(Mark::Breach, r"\b(?:security|data|account|system|network) breach\b|\bbreach (?:of|detected|suspected|confirmed)\b|\bbreached\b|\b(?:we have|possible|suspected|potential) (?:a )?breach\b"),
    p(Mark::Breach, r"\b(?:account|session|subdomain) take ?-?overs?\b|\baccounts? (?:\w+ )?(?:hijacked|taken over|stolen|compromised)\b"),
    p(Mark::Breach, r"\b(?:compromised|stolen|leaked) (?:\w+ ){0,2}?(?:accounts?|credentials?|passwords?|keys?|tokens?|secrets?|hosts?|servers?|machines?|laptop|data|records|cards?|source code|sessions?|database|certificate)\b"),
    p(Mark::Breach, r"\b(?:accounts?|credentials?|passwords?|keys?|tokens?|secrets?|hosts?|servers?|database|data|records|pii|dump|source code|card numbers?)(?: \w+){0,2}{be} (?:compromised|stolen|leaked|exfiltrated)\b").not_after(&["memory"]),
    p(Mark::Breach, r"\b(?:data|credential|password|api ?-?key|key|token|secret|source code|pii|database) leak(?:age|ed|s)?\b"),
    p(Mark::Breach, r"\b(?:ransomware|malware|rootkit|crypto ?-?miner|web ?shell|back ?door|intrusion|intruder|attacker|hacker|hacked|exfiltrat\w*|privilege escalation|remote code execution|sql injection|lateral movement)\b"),
    p(Mark::Breach, r"\b(?:api ?-?keys?|secrets?|credentials?|passwords?|tokens?|s3 bucket|bucket|private keys?|database dump)(?: \w+){0,3} (?:exposed|public(?:ly)?|published|world ?-?readable|committed|posted)\b"),
    p(Mark::Breach, r"\bexposed (?:\w+ ){0,2}?(?:api ?-?keys?|secrets?|credentials?|passwords?|tokens?|bucket|private keys?)\b"),
    p(Mark::Breach, r"\b(?:password spray\w*|session hijack\w*|phished (?:account|employee|credentials)|impossible travel)\b"),
    p(Mark::Security, r"\b(?:ddo ?s|denial of service|phishing|vulnerabilit(?:y|ies)|cve-?[0-9 -]*|security (?:incident|issue|alert|event|scan|patch)|scraping|bot (?:traffic|attack)|port scan\w*|captcha|xss|csrf|fraud\w*)\b"),
    p(Mark::Regulatory, r"\b{pii}(?: [a-z'-]+){0,6}? {exposed}\b"),
    p(Mark::Regulatory, r"\b(?:exposed|leaked|leaking|disclosed|published|stolen|exfiltrated|breach of|exposure of|leak of) (?:[a-z'-]+ ){0,3}?{pii}\b"),
    p(Mark::Regulatory, r"\b(?:gdpr|hipaa|pci(?: ?-?dss)?|sox|ccpa|regulatory|privacy|data protection)(?: [a-z-]+){0,2}? (?:violations?|exposure|breach(?:es)?|incident|reportable|notification|notifiable|fine|obligation|non ?-?compliance)\b"),
    p(Mark::Regulatory, r"\b(?:violat\w+|breach\w*|reportable under|notifiable under|report\w* under) (?:of )?(?:the )?(?:gdpr|hipaa|pci(?: ?-?dss)?|sox|ccpa|data protection)\b"),
    p(Mark::Regulatory, r"\b(?:regulators?|data protection authority|supervisory authority) (?:must|has to|have to|needs? to|will have to|should) be (?:told|notified|informed)\b|\b(?:notify|inform|tell|report to) (?:the |our )?(?:regulators?|data protection authority|supervisory authority)\b"),
    p(Mark::Regulatory, r"\b{who} (?:can |could |are able to |able to )?(?:see|seeing|view|viewing|saw|access|read)(?:ing)? (?:each other's?|other (?:users|customers|people|tenants|accounts)'?s?|another (?:user|customer|tenant|account|person)'?s?|someone else'?s?|the wrong \w+'s) \w+"),
    // A feature does not work.
    p(Mark::FeatureDown, r"\b(?:is |are |was |has gone |have gone |went |has been |been |being |currently |completely |fully |totally |still |goes )*(?:down|unavailable|offline|unreachable|not (?:working|loading|responding|available|reachable|accessible|functioning)|stopped working|out of service)\b").not_after(SLOWED).not_before(LESS),
    p(Mark::FeatureDown, r"\b(?:does not|doesn't|do not|don't|did not|won't|will not|no longer) (?:work|load|open|start|respond|function|works|loads|opens)\b(?: at all| anymore)?").not_after(LOOKS),
    p(Mark::FeatureDown, r"\b(?:is |are |was |completely |fully |totally )*broken\b").not_after(LOOKS).not_before(LOOKS),
    p(Mark::FeatureDown, r"\b{who} {cannot} \w+").not_before(&["reproduce"]),
    p(Mark::FeatureDown, r"^(?:unable to|can ?not|can't) [a-z]+ ").not_before(ONLY_TOLD),
    p(Mark::FeatureDown, r"\b(?:{nobody} can|{all} {cannot}|cannot be used|can't be used|unusable)\b").not_before(ONLY_TOLD),
    p(Mark::FeatureDown, r"\b(?:search|log ?-?in|sign ?-?in|sign ?-?up|uploads?|downloads?|exports?|imports?|e-?mails?|notifications?|webhooks?|reports?|invoices|chat|sync|registration|password resets?|video|playback|messaging|builds|deploys|jobs|api)(?: {be})?{be} (?:fail(?:s|ed|ing)|crashing|crashed|erroring|stuck)\b"),
    p(Mark::FeatureDown, r"\b(?:crashes|crashing) (?:on|at) (?:launch|start(?:up)?|open(?:ing)?)\b"),
    p(Mark::FeatureDown, r"\b(?:outage)\b").not_after(&["no", "partial", "complete", "total"]),
    // Something fails.
    p(Mark::Failing, r"\b(?:errors?|failures?|failed|failing|fails?|5xx|50[0234]s?|exceptions?|crash(?:ed|es|ing|loop\w*)?|unavailable|outage|down|disruption|rejected|declined|oom|out of memory|refused|panick?\w*|interrupted|degraded availability|unhealthy|expired|disk (?:is )?full|no space left|dns)\b").not_after(&["slow", "slowed", "slows", "slowing", "scale", "scaled", "zero"]),
    p(Mark::Failing, r"\b(?:not (?:working|loading|responding|available|reachable)|{cannot} \w+|(?:is |are |was )?broken|unreachable|offline|backlog|stuck)\b").not_after(LOOKS),
    // Slow.
    p(Mark::Slow, r"\b(?:slow(?:er|ness|ly|ing|down|ed|s)?|latenc(?:y|ies)|p ?9[059]|95th percentile|response times?|load(?:ing)? times?|sluggish|lag(?:ging|gy)?|delay(?:s|ed)?|performance|taking (?:longer|too long|ages|forever)|degraded (?:performance|throughput)|high (?:cpu|memory|load)|memory leak)\b"),
    p(Mark::TimesOut, r"\b(?:tim(?:e|ed|es|ing)[ -]?outs?|504s?|gateway time ?-?outs?|deadline exceeded)\b").not_after(&["few", "occasional", "rare", "increased", "raised", "longer"]),
    p(Mark::TimesOut, r"\b(?:unusably|so) slow that (?:[a-z]+ ){1,4}?(?:fail\w*|abort\w*|drop\w*|give up|abandon\w*)\b"),
    p(Mark::Usable, r"\b(?:(?:still|remains?|but|slow(?:ly)? but) (?:it |they |is |everything |all |remains? |otherwise |fully )*(?:usable|works?|working|functional|loads?|completes?|succeeds?|responds?|responding|available)|requests? (?:still |all |eventually )+(?:succeed|complete|work)|nothing (?:fails|is failing)|no (?:failures|errors|time ?-?outs))\b"),
    // Ways around, and looks.
    p(Mark::Workaround, r"\bwork ?-?arounds?\b|\bworked around\b"),
    p(Mark::Workaround, r"\b(?:refresh(?:ing)?|retry(?:ing)?|reload(?:ing)?|re-?login|logging in again|a retry|second attempt|incognito\w*)(?: [a-z]+){0,3} (?:fix(?:es)?|helps?|works?|resolves?|succeeds?)(?: it)?\b|\bworks? (?:after|on|with) (?:a |the |an )?(?:retry|retries|refresh|reload|second (?:try|attempt))\b"),
    p(Mark::Workaround, r"\b(?:can|could) (?:still )?(?:use|switch to|fall back to|go through) (?:the )?(?:\w+ ){0,3}?(?:instead|meanwhile|in the meantime)\b"),
    p(Mark::Cosmetic, r"\b(?:typos?|misspell\w*|mis-?spelt|spelling|grammar|misalign\w*|alignment|wrong (?:colou?r|font|icon|logo|shade)|colou?rs?|fonts?|padding|spacing|margins?|favicon|tooltips?|cosmetic|pixel\w*|text overlap\w*|overlap\w*|truncated (?:label|text|title)|wording|dark mode|hover (?:state|effect)|layout|style ?sheet|styling|css|blurry|logo|icon|capitali[sz]ation|placeholder text|copyright year|wrong (?:label|caption))\b"),
    // Who feels it.
    p(Mark::Customers, r"\b{customers}(?:'s)? (?:{cannot}|(?:are|is|have|has|report\w*|see|seeing|get|getting|complain\w*|affected|impacted|lost|notice\w*|experienc\w*|may)\b)"),
    p(Mark::Customers, r"\b(?:customer|client|user|public)[ -]facing\b|\b(?:affects?|affecting|impacts?|impacting|for) (?:all |some |many |most |our |the |several |a few )*{customers}\b"),
    p(Mark::NotProduction, r"\b(?:staging|pre-?prod(?:uction)?|(?:test|dev|development|qa|uat|sandbox|demo|lab) (?:environment|env|cluster|server|database|db|site|system|instance|stack)|in (?:dev|qa|uat|test)|non-?production)\b"),
    p(Mark::NotProduction, r"\b(?:only (?:affects |for )?(?:internal|employees|our own|staff)|internal(?: users)? only|only (?:internal|our own) (?:users|staff|employees|people)|not customer[ -]facing|no customer[ -]facing)\b"),
    p(Mark::Internal, r"\binternal (?:\w+ ){0,2}?(?:dashboards?|tools?|tooling|wiki|portal|admin|reports?|reporting|analytics|site|apps?|applications?|services?|systems?|console|panel|page|chat|metrics|users?|mail)\b"),
    p(Mark::Internal, r"\b(?:admin|back[ -]?office|employee|staff|hr|support|operations|ops|engineering|developer|team|management|bi|finance) (?:\w+ )?(?:dashboards?|panel|tools?|portal|console|wiki|intranet)\b"),
    p(Mark::Internal, r"\b(?:dashboards?|grafana|kibana|jenkins|jira|confluence|wiki|intranet|office vpn|vpn|build server|ci|ci pipeline|bi reports?|data warehouse)(?: {be})?{be} (?:down|unavailable|slow|broken|unreachable|offline|not (?:loading|working|responding)|failing)\b").not_after(&["customer", "public", "merchant", "user", "client"]),
    p(Mark::Internal, r"\b(?:employees|colleagues|staff|our (?:team|engineers|analysts)) {cannot}"),
    // How many.
    p(Mark::Users(0.0), r"\b(?:no|zero|0) (?:\w+ )?(?:users?|customers?|clients?)(?: (?:is|are|were|was|have been|has been|currently|visibly))* (?:affected|impacted|noticed|impact)\b|\b(?:nobody|no one) (?:is|was|has been) (?:affected|impacted)\b|\b(?:no|zero|without) (?:customer|user|client|visible|external)(?: visible| facing)? (?:impact|effect)\b"),
    p(Mark::Users(1.0), r"\b{all}\b").not_after(&["not", "affect"]),
    p(Mark::Users(1.0), r"\b(?:(?:entire|whole) (?:user|customer) base|site ?-?wide|across the board|for the whole world|100% of (?:the |our )?traffic)\b"),
    p(Mark::Users(1.0), r"\b{nobody} (?:can|is able|are able)\b"),
    p(Mark::Users(0.9), r"\b(?:nearly all|almost all|almost every|nearly every|vast majority)\b"),
    p(Mark::Users(0.6), r"\b(?:most|majority)(?: of)?(?: the| our)?{gap}? {who}\b"),
    p(Mark::Users(0.25), r"\b(?:many|a lot|lots|numerous|thousands|hundreds|a large (?:number|share|portion|part)|a significant (?:number|share|portion|part))(?: of)?(?: the| our)? {who}\b"),
    p(Mark::Users(0.25), r"\b(?:in|for|from|to|across) (?:the )?(?:eu|us|apac|emea|uk|europe\w*|asia\w*|north america\w*|germany|france|india|japan|brazil|australia)(?:[ -](?:west|east|north|south|central)\w*)?(?:-?[0-9])?\b"),
    p(Mark::Users(0.25), r"\b(?:one|a single|single) region\b|\bregion only\b|\bonly (?:in|on|for) (?:the )?(?:i ?os|android|mobile|web|desktop)\b|\b(?:i ?os|android|mobile|web|desktop)(?: app| users)? only\b|\bon (?:i ?os|android)\b"),
    p(Mark::Users(0.1), r"\b(?:some|several|multiple|a number of|(?:a )?subset of|certain|a portion of|part of)(?: of)?(?: the| our| its)?{gap}? (?:{who}|requests|calls|pages|regions|orders|payments|transactions|repositories|pull requests|workflows?|services)\b"),
    p(Mark::Users(0.1), r"\b(?:one|a single|single) (?:availability zone|zone|az|shard|cluster|cell|endpoint|page|data ?cent(?:er|re)|browser)\b|\bin (?:safari|firefox|edge|opera)\b|\bpartial(?:ly)?\b"),
    p(Mark::Users(0.02), r"\b(?:a few|few|(?:a )?handful of|a couple of|very few|(?:a )?small (?:number|percentage|share|subset|fraction|group|amount)(?: of)?|a tiny (?:number|fraction|share)(?: of)?|a minority of|isolated)(?: the| our)?{gap}? (?:{who}|requests|calls|orders|payments|transactions|cases|reports|repositories)\b"),
    p(Mark::Users(0.02), r"\b(?:one|a single|single|only one|1|just one) (?:user|customer|client|tenant|merchant|account|organi[sz]ation|person|enterprise)\b|\b(?:only|just) (?:[0-9]{1,2}|two|three|four|five|a few) {who}\b|\b(?:internet explorer|ie ?11|very old browsers?|legacy browsers?)\b"),
    p(Mark::Intermittent, r"\b(?:intermittent(?:ly)?|sporadic(?:ally)?|occasional(?:ly)?|sometimes|rare(?:ly)?|now and then|from time to time|once in a while|flaky)\b"),
    p(Mark::SloFine, r"\b(?:slos?|error budget)(?: \w+){0,2} (?:within|inside) (?:the |its )?(?:budget|target|objective|limits?)\b|\bwithin (?:the |our )?(?:slo|error budget)\b"),
];

/// Words that turn a phrase that follows within a few words into its opposite.
static DENIED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:\b(?:no|not|never|without|isn't|wasn't|aren't|weren't|hasn't|haven't|didn't|doesn't|don't|zero|neither|nor|exclud(?:e|ed|es|ing)|rul(?:e|ed|es|ing) out|",
        r"no (?:evidence|sign|signs|indication|indications|trace|risk|reports?) of|nothing to do with|unrelated to|unlikely to be|no longer|instead of|fixed|resolved)",
        r"(?: (?:a|an|any|the|yet|to be|been|of|is|are|was|by|there|seeing|have|had|[a-z]+)){0,2}) *$"
    ))
});

/// "Not responding checkout": the "not" belongs to the word after it.
static BOUND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"\b(?:not (?:only|just|responding|working|loading|available|reachable|able)|no (?:one|doubt)|without doubt|cannot|no (?:orders|payments|sales))\b",
    )
});

/// … and one that stands before.
static DENIED_AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^(?: (?:is|are|was|were|has|have|been|can be|could be))* ?(?:ruled out|excluded|[:=-]+ ?(?:none|no)\b|none\b|not (?:observed|found|suspected|possible|affected|detected)|unlikely|did not (?:occur|happen)|didn't (?:occur|happen))",
    )
});

/// What may come is not what is.
static FEARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"\b(?:could|might|may|would|will|risk of|risks|to (?:prevent|avoid)|prevent(?:s|ed)?|avoid(?:s|ed)?|threat(?:en)?s?(?: of)?|before|if|unless|fear(?:s|ed)?|lead to|cause|drill for|protect against)(?: (?:lead|result|cause|to|in|a|an|any|the|we|it|be|of|there|is|[a-z]+)){0,4} *$",
    )
});

/// A phrase found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    pub(super) mark: Mark,
    pub(super) denied: bool,
    /// Feared, not seen.
    pub(super) feared: bool,
    /// Place in the text: sentence, then byte.
    pub(super) at: (usize, usize),
    pub(super) quote: String,
}

struct Compiled {
    phrase: &'static Phrase,
    regex: Regex,
}

static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    PHRASES
        .iter()
        .filter_map(|phrase| Some(Compiled { phrase, regex: pattern(&expand(phrase.pattern))? }))
        .collect()
});

/// How many lines of the table there are, and how many of them are valid patterns.
#[cfg(test)]
pub(in crate::severity) fn table_size() -> (usize, usize) {
    (PHRASES.len(), COMPILED.len())
}

fn expand(text: &str) -> String {
    // Twice: words of the vocabulary name others.
    let once = VOCABULARY.iter().fold(text.to_owned(), |text, (name, words)| text.replace(name, words));
    VOCABULARY.iter().fold(once, |text, (name, words)| text.replace(name, words))
}

/// All phrases in the sentences, in the order of the text.
pub(super) fn hits(sentences: &[String]) -> Vec<Hit> {
    let mut found: Vec<Hit> = Vec::new();
    for (index, sentence) in sentences.iter().enumerate() {
        for Compiled { phrase, regex } in COMPILED.iter() {
            found.extend(regex.find_iter(sentence).filter_map(|m| {
                let before = sentence.get(..m.start())?;
                let after = sentence.get(m.end()..)?;
                let next_is_bad = word_after(after).is_some_and(|w| phrase.not_before.contains(&w))
                    || word_before(m.as_str()).is_some_and(|w| w != m.as_str() && ends_badly(phrase, w));
                if next_is_bad || word_before(before).is_some_and(|w| phrase.not_after.contains(&w)) {
                    return None;
                }
                let clause = clause_before(before);
                let bound = BOUND.as_ref().is_some_and(|p| p.is_match(clause));
                let denied = !bound && DENIED.as_ref().is_some_and(|p| p.is_match(clause))
                    || DENIED_AFTER.as_ref().is_some_and(|p| p.is_match(after));
                let feared = FEARED.as_ref().is_some_and(|p| p.is_match(clause));
                Some(Hit {
                    mark: phrase.mark,
                    denied,
                    feared,
                    at: (index, m.start()),
                    quote: m.as_str().trim().to_owned(),
                })
            }));
        }
    }
    found.sort_by_key(|hit| hit.at);
    found
}

/// "cannot reproduce": the verb is the end of the match itself.
fn ends_badly(phrase: &Phrase, last: &str) -> bool {
    phrase.mark == Mark::FeatureDown && phrase.not_before.contains(&last) && ONLY_TOLD.contains(&last)
}

fn clause_before(before: &str) -> &str {
    let start = before.rfind([',', ';', ':', '(', ')', '"']).map_or(0, |i| i + 1);
    let clause = before.get(start..).unwrap_or("");
    [" but ", " however ", " although ", " though ", " and "]
        .iter()
        .filter_map(|word| clause.rfind(word).map(|i| i + word.len()))
        .max()
        .and_then(|i| clause.get(i..))
        .unwrap_or(clause)
}

fn word_before(text: &str) -> Option<&str> {
    text.rsplit(|c: char| !c.is_ascii_alphanumeric()).find(|w| !w.is_empty())
}

fn word_after(text: &str) -> Option<&str> {
    let clause = text.split([',', ';', ':', '.', '(']).next()?;
    clause.split(|c: char| !c.is_ascii_alphanumeric()).find(|w| !w.is_empty())
}
