//! What can be asked on the command line.

use super::names::{CodeList, Names, cells, parse_codes, parse_names, parted};
use crate::drivers::DriverGroup;
use crate::measures::IntervalKind;
use crate::measures::portfolio::AnswerScale;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Tells which experiences make customers recommend you, buy again and bring friends, and which customers carry the word.
///
/// Drivers and influence are associations in your data, not effects of changing anything.
#[derive(Debug, Parser)]
#[command(name = "advocate", version, propagate_version = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a whole study: read, join, fit, rank, score, report.
    Run(Run),
    /// Judge the models of a study on answers they have not seen, beside baselines.
    Evaluate(Evaluate),
    /// Score every customer by the models of an earlier run, without fitting anything; say whether the models still hold.
    Score(Score),
    /// Look at files and write a commented study of them that runs; what the files do not say it asks in comments.
    Init(Init),
    /// Check a study file and say what a run would read and use; writes nothing.
    Check(Check),
    /// Print the JSON Schema of the study file, by which editors complete and check one.
    Schema,
    /// Work with the rows that a run has put aside.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Print the statement that joins the answers with what came before and after them.
    Link(Link),
    /// Write the source files of a simulated company whose truth is known.
    Simulate(Simulate),
    /// Net Promoter Score of a column of a flat table.
    Nps(Nps),
    /// Ranked drivers of a column of a flat table.
    Drivers(Drivers),
    /// A model of a column of a flat table (a number, a class, ordered levels, a count), or of a log of purchases.
    Fit(Fit),
    /// Who carries the word: all that a study says of its referrals, or the reach of every node of a list of edges.
    Influence(Influence),
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// The study file, such as models/specs/retail.toml.
    pub study: PathBuf,
    /// Where results go: OUT/STUDY/AS_OF.
    #[arg(long, default_value = "results")]
    pub out: PathBuf,
    #[command(flatten)]
    pub how: How,
    #[command(flatten)]
    pub cache: CacheArguments,
    /// End with exit code 99 where the results are there already, made from the same files, settings and version.
    #[arg(long)]
    pub if_changed: bool,
    /// No summary, no progress; errors still show.
    #[arg(long, short)]
    pub quiet: bool,
}

// What stands in the place of what the study says, and how much of the machine is used. No doc comment: clap would take it for that
// of the command.
#[derive(Debug, Args)]
pub(super) struct How {
    /// The date that results depend on, instead of the study's.
    #[arg(long)]
    pub as_of: Option<String>,
    /// The seed of everything random, instead of the study's.
    #[arg(long)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub machine: Machine,
}

// How much of the machine is used. No doc comment: clap would take it for that of the command.
#[derive(Debug, Args)]
pub(super) struct Machine {
    /// Memory that the join may hold before it spills to disk, as in 2GB or 500MB.
    #[arg(long, default_value = "2GB", value_parser = parse_memory)]
    pub memory: usize,
    /// Threads; all cores by default. Results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

// What of the parsed files is kept for the next run. No doc comment: clap would take it for that of the command.
#[derive(Debug, Args)]
pub(super) struct CacheArguments {
    /// Where the typed rows of parsed files are kept, so that the next run parses only what has changed; OUT/cache by default.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Parse every file, and keep nothing.
    #[arg(long, conflicts_with_all = ["cache", "cache_size"])]
    pub no_cache: bool,
    /// Room that the cache may take, as in 10GB; what was of use the longest ago goes first.
    #[arg(long, value_name = "BYTES", default_value = "10GB", value_parser = parse_bytes)]
    pub cache_size: usize,
}

#[derive(Debug, Args)]
pub(super) struct Evaluate {
    /// The study file; its [evaluation] says where to cut.
    pub study: PathBuf,
    #[command(flatten)]
    pub how: How,
    /// The cache of earlier runs, read where it is there; nothing is added to it.
    #[arg(long, value_name = "DIR", default_value = "results/cache")]
    pub cache: PathBuf,
    /// Parse every file.
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
    /// A model file to judge instead, on answers from after both training windows.
    #[arg(long, value_name = "FILE", requires = "challenger")]
    pub champion: Option<PathBuf>,
    /// The model file that is held against the champion.
    #[arg(long, value_name = "FILE", requires = "champion")]
    pub challenger: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct Score {
    /// The study file: its sources, and its date where --as-of names no other.
    pub study: PathBuf,
    /// Model files that `advocate run` wrote, and folders of them, such as results/retail/2026-09-29/models.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub models: Vec<PathBuf>,
    /// Where the scores go: OUT/STUDY/scores/AS_OF.
    #[arg(long, default_value = "results")]
    pub out: PathBuf,
    /// The date as of which customers are scored, instead of the study's.
    #[arg(long)]
    pub as_of: Option<String>,
    /// Score also by models that were fitted to what came after that date; such scores are no forecasts.
    #[arg(long)]
    pub hindsight: bool,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub cache: CacheArguments,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// No summary, no progress; errors still show.
    #[arg(long, short, conflicts_with = "format")]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The files: tables of any layout that a study reads, vendors' exports, folders, and patterns in quotes.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where the study goes; its paths count from there. Without, it is printed.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file that --out names, if it is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// The study's name; by default that of --out, else of the file of the answers.
    #[arg(long)]
    pub name: Option<String>,
    /// Rows of each source to look at: half of them from its head, the others from places all over.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub rows: u32,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The study file.
    pub study: PathBuf,
    /// Look for leaks: make the columns again from what lies before and after each answer, count events between the survey
    /// and the answer, and look for columns that predict too well to be true.
    #[arg(long)]
    pub leaks: bool,
    /// Memory that the join may hold before it spills to disk, as in 2GB or 500MB.
    #[arg(long, default_value = "2GB", value_parser = parse_memory)]
    pub memory: usize,
    /// The cache of earlier runs, read where it is there; nothing is added to it.
    #[arg(long, value_name = "DIR", default_value = "results/cache")]
    pub cache: PathBuf,
    /// Parse every file.
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Quarantine {
    /// Hold corrected rows against the study again; those that are accepted are used from the next run on.
    ///
    /// Correct a CSV file of the quarantine folder in any spreadsheet: the cell at fault in `raw`, or the whole row in `record`.
    /// Leave the other columns as they are, `fingerprint` above all: it says which row it is. Accepted rows are kept beside the
    /// study, as in mine.corrections.csv beside mine.toml; delete that file, or lines of it, to do without them. They belong to
    /// the content that their file has now. Where it changes they are not applied but reported.
    Retry(Retry),
}

#[derive(Debug, Args)]
pub(super) struct Retry {
    /// The study file.
    pub study: PathBuf,
    /// A CSV file of the quarantine folder with rows corrected; without, the rows that were accepted before are held against
    /// the files as they are now.
    #[arg(long, value_name = "CSV")]
    pub file: Option<PathBuf>,
    /// Say what would be accepted, and keep nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The cache of earlier runs, read where it is there; nothing is added to it.
    #[arg(long, value_name = "DIR", default_value = "results/cache")]
    pub cache: PathBuf,
    /// Parse every file.
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct Link {
    /// The study file.
    pub study: PathBuf,
    /// Print the statement of the base table as plain SQL, which is what it does in any case.
    #[arg(long)]
    pub sql: bool,
    /// Whose rows the base table holds.
    #[arg(long, value_enum, default_value_t = BaseRows::Answers)]
    pub rows: BaseRows,
    /// Make the base table, too: a folder for it as Parquet and CSV, with the typed tables, the statement and the rows put aside.
    #[arg(long, value_name = "DIR", conflicts_with = "sql")]
    pub out: Option<PathBuf>,
    /// For which engine the statement in that folder names the typed tables.
    #[arg(long, value_enum, default_value_t = SqlEngine::Duckdb, requires = "out")]
    pub tables: SqlEngine,
    /// Memory that the join may hold before it spills to disk, as in 2GB or 500MB.
    #[arg(long, default_value = "2GB", value_parser = parse_memory)]
    pub memory: usize,
    /// The cache of earlier runs, read where it is there; nothing is added to it.
    #[arg(long, value_name = "DIR", default_value = "results/cache")]
    pub cache: PathBuf,
    /// Parse every file.
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
    /// No progress; errors still show.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Whose rows the base table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum BaseRows {
    /// One row an answer, seen from just before it.
    Answers,
    /// One row a known customer, seen from the study's date.
    Customers,
}

/// An engine that runs the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SqlEngine {
    /// The statement alone.
    None,
    /// With the lines that name the tables to DataFusion.
    Datafusion,
    /// With the lines that name the tables to DuckDB.
    Duckdb,
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Customers of the company.
    #[arg(long)]
    pub customers: u64,
    /// Seed of everything random.
    #[arg(long)]
    pub seed: u64,
    /// A folder that does not exist yet or is empty.
    #[arg(long)]
    pub out: PathBuf,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Text,
    /// One JSON object.
    Json,
}

/// How the word passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Spread {
    /// Each edge passes it on once, independently.
    Cascade,
    /// A node takes it up once enough of those before it have.
    Threshold,
}

/// Measures of a node's place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NodeMeasures {
    /// PageRank along the edges as given: rank flows from --from to --to. (A study turns its referrals round, so that rank
    /// flows to those who bring others; swap the two columns for that.)
    Pagerank,
    /// Edges out and in.
    Degree,
    /// The k-core.
    Core,
    /// Hubs and authorities.
    Hits,
    /// Closeness along the edges (Wasserman and Faust: of those whom a node reaches, over their mean steps), sampled in large graphs.
    Closeness,
    /// Harmonic centrality along the edges: the sum of one over the steps to each other node, sampled in large graphs.
    Harmonic,
    /// Betweenness, sampled in large graphs.
    Betweenness,
}

/// How influence is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InfluenceFormat {
    /// A table for people.
    Text,
    /// One JSON object.
    Json,
    /// One row a node; of a study, the rows of one of its tables.
    Csv,
}

/// What is made of a column of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FigureWord {
    /// The Net Promoter Score of 0-10 answers.
    Nps,
    /// The mean of any numbers, or of whole answers on --scale.
    Mean,
    /// The share of answers of --from or more on --scale.
    TopBox,
    /// The share of answers of --from or more less that of --to or less on --scale, times 100.
    NetBox,
    /// The share of the values in --yes.
    Yes,
}

/// Which of a customer's answers in a window count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Several {
    /// Every answer.
    All,
    /// The last of each customer in --cluster.
    Latest,
}

/// The ends of a scale, as in `1-5`.
fn scale(text: &str) -> Result<AnswerScale, String> {
    let ends = text.get(1..).and_then(|rest| rest.find('-')).map(|at| text.split_at(at + 1));
    let number = |text: &str| text.parse::<f64>().ok();
    let scale = ends.and_then(|(low, high)| AnswerScale::new(number(low)?, number(high.get(1..)?)?).ok());
    scale.ok_or_else(|| "write the lowest and the highest answer, whole numbers in order, as in 1-5".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// The row stands for so many of the population; robust errors.
    Sampling,
    /// The row was seen so many times.
    Frequency,
    /// One over the outcome's variance, up to a factor; outside linear models the row counts as so many observations.
    Precision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Family {
    /// A number.
    Linear,
    /// A class of 0 and 1.
    Logistic,
    /// Ordered levels, such as the 0-10 answer.
    Ordinal,
    /// A count of events.
    Count,
    /// A number or a class (see --of) by ridge, lasso or between: for prediction, without p-values.
    Penalised,
    /// Who will buy again, from a log with one row a purchase: BG/NBD and, with --amount, Gamma-Gamma.
    BuyTillYouDie,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MissingRule {
    /// Leave rows with a gap out.
    Listwise,
    /// Each covariance from the rows that have both columns (linear).
    Pairwise,
    /// Moments by maximum likelihood under a normal model (linear).
    Em,
    /// Fill gaps with the mean and mark them.
    Indicator,
}

/// What a fit does with gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FitMissing {
    /// Leave rows with a gap out.
    Listwise,
    /// Each covariance from the rows that have both columns (linear).
    Pairwise,
    /// Moments by maximum likelihood under a normal model (linear).
    Em,
    /// Fill gaps with the mean and mark them.
    Indicator,
    /// Several completed data sets, pooled by Rubin's rules (linear and logistic).
    Multiple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Errors {
    /// From the model's own assumptions.
    Model,
    /// Robust, with n / (n - k).
    Hc1,
    /// Robust, the safer one for small samples.
    Hc3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Distribution {
    /// Variance equal to the expectation.
    Poisson,
    /// Variance larger than the expectation, by an estimated alpha.
    NegativeBinomial,
}

/// What is penalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PenalisedOf {
    /// A number.
    Linear,
    /// A class of 0 and 1.
    Logistic,
}

/// Which penalty of the path is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LambdaChoice {
    /// The largest whose loss is within one standard error of the smallest.
    OneStandardError,
    /// The one with the smallest loss.
    Min,
}

/// The unit in which times are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Unit {
    Days,
    Weeks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Measure {
    Mcfadden,
    Nagelkerke,
    CoxSnell,
    Estrella,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Nps {
    #[command(subcommand)]
    pub command: Option<NpsCommand>,
    #[command(flatten)]
    pub of_table: Option<NpsOfTable>,
}

#[derive(Debug, Subcommand)]
pub(super) enum NpsCommand {
    /// How many answers a survey needs.
    Plan(NpsPlan),
}

#[derive(Debug, Args)]
pub(super) struct NpsOfTable {
    /// The table: CSV, TSV or Parquet.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// The column of answers, 0-10 for a Net Promoter Score.
    #[arg(long, value_name = "COLUMN")]
    pub score: String,
    /// What is made of the answers.
    #[arg(long, value_enum, default_value_t = FigureWord::Nps)]
    pub metric: FigureWord,
    /// The scale on which the question was asked, lowest and highest answer; a Net Promoter Score has 0-10 and no other.
    #[arg(long, value_name = "LOW-HIGH", value_parser = scale)]
    pub scale: Option<AnswerScale>,
    /// The lowest answer in favour, for boxes.
    #[arg(long, value_name = "ANSWER", allow_negative_numbers = true)]
    pub from: Option<f64>,
    /// The highest answer against, for a net box.
    #[arg(long, value_name = "ANSWER", allow_negative_numbers = true)]
    pub to: Option<f64>,
    /// The values that mean yes, as in yes,1; all others mean no.
    #[arg(long, value_delimiter = ',', value_name = "VALUES")]
    pub yes: Vec<String>,
    /// A column to group by; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    pub by: Vec<String>,
    /// A column of sampling weights.
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// A column whose equal values are one customer; errors are between customers. An answer without one counts as a customer of its own.
    #[arg(long, value_name = "COLUMN")]
    pub cluster: Option<String>,
    /// How many customers there are in all, answered or not, where that is not many.
    #[arg(long, value_name = "N")]
    pub population: Option<f64>,
    /// Other columns of numbers: each pair of these and of the answers is correlated, in each group.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub correlate: Vec<String>,
    /// The column of dates, for --window; an instant with an offset counts on its day of UTC.
    #[arg(long, value_name = "COLUMN", requires = "window")]
    pub time: Option<String>,
    /// Also over a window of so many days that moves and ends with the last answer; the same windows for each group.
    #[arg(long, value_name = "DAYS", requires = "time")]
    pub window: Option<u32>,
    /// Days from one window to the next; a third of the window by default.
    #[arg(long, value_name = "DAYS", requires = "window")]
    pub step: Option<u32>,
    /// Which of a customer's answers in a window count.
    #[arg(long, value_enum, default_value_t = Several::All, requires = "window")]
    pub several: Several,
    /// The kind of interval: adjusted-wald by default for scores, wilson for shares, student-t for means; plain wald is too
    /// narrow for small bases.
    #[arg(long, value_name = "KIND", value_parser = interval_kinds())]
    pub interval: Option<IntervalKind>,
    /// Replicates, for --interval bootstrap; 1000 by default.
    #[arg(long, value_name = "N", value_parser = replicates)]
    pub bootstrap: Option<usize>,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Level of the interval.
    #[arg(long, default_value_t = 0.95)]
    pub confidence: f64,
    /// Hide groups with fewer answers, and others so that they cannot be computed; 0 hides none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub suppress_below: u64,
    /// A score that each group is tested to lie above, one-sided.
    #[arg(long, value_name = "NPS", allow_negative_numbers = true)]
    pub benchmark: Option<f64>,
    /// Answers behind the benchmark, where they are known.
    #[arg(long, value_name = "N", requires = "benchmark")]
    pub benchmark_n: Option<f64>,
    /// Codes that are no answer, as in 11,99 or -99, or of one column alone, as in COLUMN=0,9; blank, NA, N/A, NaN and null, in whatever
    /// case, are none without being named, and `None` is none in a column of numbers and a value like others in one of text.
    #[arg(long, value_parser = parse_codes, allow_hyphen_values = true, value_name = "CODES")]
    pub not_applicable: Vec<CodeList>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// The words of all kinds that a figure can have.
fn interval_kinds() -> impl TypedValueParser<Value = IntervalKind> {
    let words = IntervalKind::ALL.map(IntervalKind::word);
    PossibleValuesParser::new(words).try_map(|word| {
        IntervalKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or("there is no such kind of interval")
    })
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("aim").required(true).args(["half_width", "change"])))]
pub(super) struct NpsPlan {
    /// An interval that reaches so many points to either side.
    #[arg(long, value_name = "POINTS")]
    pub half_width: Option<f64>,
    /// A change of so many points to be found.
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    pub change: Option<f64>,
    /// The chance of finding it, 0.5 to 1.
    #[arg(long, default_value_t = 0.8, conflicts_with = "half_width")]
    pub power: f64,
    /// Two groups are compared, such as two waves; without it, one group with a known figure.
    #[arg(long, conflicts_with = "half_width")]
    pub two_sample: bool,
    /// Share of detractors as expected, 0-1.
    #[arg(long, value_name = "SHARE", requires = "promoters", conflicts_with = "variance")]
    pub detractors: Option<f64>,
    /// Share of promoters as expected, 0-1.
    #[arg(long, value_name = "SHARE", requires = "detractors", conflicts_with = "variance")]
    pub promoters: Option<f64>,
    /// Variance of one response, p + d - (p - d)^2: at most 1, which is the safe choice; 0.7 by default.
    #[arg(long)]
    pub variance: Option<f64>,
    /// What weights and repeated answers make of the variance.
    #[arg(long, default_value_t = 1.0)]
    pub design_effect: f64,
    /// How many customers there are in all, where that is not many; in each group of two.
    #[arg(long, value_name = "N")]
    pub population: Option<f64>,
    /// Level of the interval or of the two-sided test.
    #[arg(long, default_value_t = 0.95)]
    pub confidence: f64,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// The rows of a table and what they weigh.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// Columns of categories; each becomes 0/1 columns that move together.
    #[arg(long, value_parser = parse_names, value_name = "COLUMNS")]
    pub categorical: Vec<Names>,
    /// A column of weights; needs --weight-kind.
    #[arg(long, value_name = "COLUMN", requires = "weight_kind")]
    pub weights: Option<String>,
    /// What the weights mean.
    #[arg(long, value_enum, requires = "weights")]
    pub weight_kind: Option<Kind>,
    /// A column whose equal values belong together, such as the customer. A row without one is left out.
    #[arg(long, value_name = "COLUMN")]
    pub cluster: Option<String>,
    /// Codes that count as missing in every column, the outcome included, as in 11,99 or -99, or in one, as in COLUMN=0,9; blank, NA,
    /// N/A, NaN and null, in whatever case, do without being named, and so does `None` in a column of numbers; in a column of categories it is a
    /// category.
    #[arg(long, value_parser = parse_codes, allow_hyphen_values = true, value_name = "CODES")]
    pub not_applicable: Vec<CodeList>,
}

#[derive(Debug, Args)]
pub(super) struct Drivers {
    /// The table: CSV, TSV or Parquet.
    #[arg(long, value_name = "FILE", required_unless_present = "correlation", conflicts_with = "correlation")]
    pub data: Option<PathBuf>,
    /// Instead of rows: a CSV table of correlations, such as a published one, or of covariances (variances above 1 on the
    /// diagonal); one triangle is enough.
    #[arg(long, value_name = "FILE", requires = "n", conflicts_with_all = ["categorical", "weights", "cluster", "exposure", "not_applicable"])]
    pub correlation: Option<PathBuf>,
    /// Rows behind the table of correlations.
    #[arg(long, requires = "correlation", conflicts_with = "data")]
    pub n: Option<usize>,
    #[command(flatten)]
    pub rows: Data,
    /// The column to be explained.
    #[arg(long, value_name = "COLUMN")]
    pub outcome: String,
    /// Columns to rank, as in A,B,C; a name that holds a comma stands in quotes, as in '"A, at first",B'.
    #[arg(long, value_parser = parse_names, required = true, value_name = "COLUMNS")]
    pub drivers: Vec<Names>,
    /// The model whose fit is divided.
    #[arg(long, value_enum, default_value_t = Family::Linear)]
    pub family: Family,
    /// Methods, as in shapley,relative-weights; the first ranks.
    #[arg(long, value_delimiter = ',', value_name = "METHODS")]
    pub method: Vec<String>,
    /// Columns that are in every model and partialled out first.
    #[arg(long, value_parser = parse_names, value_name = "COLUMNS")]
    pub always: Vec<Names>,
    /// Groups of drivers, as in 'service=A,B;product=C': Owen values divide the fit among groups, then within them.
    #[arg(long, value_parser = parse_groups)]
    pub groups: Option<Groups>,
    /// Compare each driver with so many drivers of pure noise, for a p-value that it is more than noise. The smallest there can
    /// be is 1 over one more than their number, so that showing it of one of 10 drivers takes 199 of them, and of 20, 399.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = replicates)]
    pub noise: usize,
    /// Also give standard errors of contributions and shares by the infinitesimal jackknife.
    #[arg(long)]
    pub jackknife: bool,
    /// Where there are too many drivers to walk all subsets: the standard error of a share at which sampling stops.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0025)]
    pub sampling_error: f64,
    /// The pseudo R squared that is divided, for classes, levels and counts; McFadden's by default.
    #[arg(long, value_enum)]
    pub fit_measure: Option<Measure>,
    /// Only screen the drivers of a class, of levels or of counts by a linear analysis, which is quick for any number of them.
    #[arg(long, conflicts_with = "correlation")]
    pub screen: bool,
    /// A column over whose length or size each count was made, such as days, for --family count.
    #[arg(long, value_name = "COLUMN")]
    pub exposure: Option<String>,
    /// What to do with rows that lack a driver.
    #[arg(long, value_enum, default_value_t = MissingRule::Listwise)]
    pub missing: MissingRule,
    /// Bootstrap replicates; 1000 for a number and 200 for a class by default, 0 for none.
    #[arg(long, value_name = "N", value_parser = replicates)]
    pub bootstrap: Option<usize>,
    /// Level of the intervals.
    #[arg(long, default_value_t = 0.95)]
    pub confidence: f64,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Allow an exact walk of all subsets of up to so many drivers (at most 30).
    #[arg(long, value_name = "N", default_value_t = 28)]
    pub drivers_max: usize,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct Fit {
    /// The table: CSV, TSV or Parquet.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    #[command(flatten)]
    pub rows: Data,
    /// The column to be explained.
    #[arg(long, value_name = "COLUMN", required_unless_present = "customer")]
    pub outcome: Option<String>,
    /// Columns of the model, as in A,B,C; a name that holds a comma stands in quotes, as in '"A, at first",B'.
    #[arg(long, value_parser = parse_names, required_unless_present_any = ["customer", "intercept_only"], value_name = "COLUMNS")]
    pub features: Vec<Names>,
    /// A model without columns: the mean, the log odds of the base rate, the rate.
    #[arg(long, conflicts_with_all = ["features", "customer", "categorical"])]
    pub intercept_only: bool,
    /// The model.
    #[arg(long, value_enum, default_value_t = Family::Linear)]
    pub family: Family,
    /// Firth's penalised fit, for --family logistic: finite coefficients where the columns separate the classes or events
    /// are few, with intervals and p-values by the profile of the penalised likelihood (robust ones under sampling weights).
    #[arg(long)]
    pub firth: bool,
    /// Slopes of their own for leaving the lowest and for reaching the highest of three levels, such as detractor, passive and
    /// promoter, for --family ordinal.
    #[arg(long)]
    pub partial: bool,
    /// Features with one slope for both steps, for --partial; a category's name stands for all its columns.
    #[arg(long, value_parser = parse_names, requires = "partial", value_name = "COLUMNS")]
    pub parallel: Vec<Names>,
    /// How counts vary around their expectation, for --family count.
    #[arg(long, value_enum, default_value_t = Distribution::Poisson)]
    pub distribution: Distribution,
    /// A column over whose length or size each count was made, such as days, for --family count.
    #[arg(long, value_name = "COLUMN")]
    pub exposure: Option<String>,
    /// What is penalised, for --family penalised; linear by default.
    #[arg(long, value_enum)]
    pub of: Option<PenalisedOf>,
    /// Share of the lasso in the penalty (0 ridge, 1 lasso), for --family penalised; 1 by default. As in R's
    /// glmnet, a number counts in units of its standard deviation, which divides the ridge part of the penalty by that deviation;
    /// scikit-learn does not divide it. The lasso part, and all of a class, are the same in both.
    #[arg(long, value_name = "SHARE")]
    pub mixing: Option<f64>,
    /// Which penalty is taken, for --family penalised; one-standard-error by default.
    #[arg(long, value_enum)]
    pub lambda_rule: Option<LambdaChoice>,
    /// This penalty, without cross-validation, for --family penalised.
    #[arg(long, value_name = "LAMBDA", conflicts_with = "lambda_rule")]
    pub lambda: Option<f64>,
    /// Folds of the cross-validation, for --family penalised; clusters stay whole. 10 by default.
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    /// Seed of the folds.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What to do with rows that lack a feature; listwise by default.
    #[arg(long, value_enum)]
    pub missing: Option<FitMissing>,
    /// Data sets that --missing multiple makes; 20 by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub imputations: Option<u32>,
    #[command(flatten)]
    pub log: Log,
    /// How uncertainty is estimated; --cluster brings its own.
    #[arg(long, value_enum)]
    pub std_errors: Option<Errors>,
    /// Write one row an observation (row of the table from 1, fitted, resid, hat, ...), or a customer, to a .csv, .parquet or .json
    /// file.
    #[arg(long, value_name = "FILE")]
    pub augment: Option<PathBuf>,
    /// Level of the intervals.
    #[arg(long, default_value_t = 0.95)]
    pub confidence: f64,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// A log with one row a purchase, for --family buy-till-you-die.
#[derive(Debug, Args)]
#[command(next_help_heading = "For --family buy-till-you-die")]
pub(super) struct Log {
    /// The column of the customer.
    #[arg(long, value_name = "COLUMN")]
    pub customer: Option<String>,
    /// The column of the purchase's date or instant.
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// The column of what the purchase was worth.
    #[arg(long, value_name = "COLUMN")]
    pub amount: Option<String>,
    /// The last day to learn from; what was bought later tests the forecast. The last day of the log by default.
    #[arg(long, value_name = "DATE")]
    pub calibration_end: Option<String>,
    /// Days to look ahead from there; 365 by default.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub horizon: Option<u32>,
    /// The unit of time of the parameters; weeks by default.
    #[arg(long, value_enum)]
    pub time_unit: Option<Unit>,
}

#[derive(Debug, Args)]
pub(super) struct Influence {
    /// The study file; its [influence] says how. Without one, --edges names a list of edges.
    #[arg(conflicts_with = "edges")]
    pub study: Option<PathBuf>,
    #[command(flatten)]
    pub of_study: InfluenceOfStudy,
    #[command(flatten)]
    pub of_edges: InfluenceOfEdges,
    /// Seed of the samples: 1 for edges, and the study's own for a study.
    #[arg(long)]
    pub seed: Option<u64>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = InfluenceFormat::Text)]
    pub format: InfluenceFormat,
}

// What goes with a study. No doc comment: clap would take it for that of the command.
#[derive(Debug, Args)]
pub(super) struct InfluenceOfStudy {
    /// Of a study: the date that results depend on, instead of its own.
    #[arg(long, conflicts_with = "edges")]
    pub as_of: Option<String>,
    /// Of a study: the table that --format csv prints.
    #[arg(long, value_name = "NAME", default_value = "influence", conflicts_with = "edges")]
    pub table: String,
    /// Of a study: memory that the join may hold before it spills to disk, as in 2GB or 500MB.
    #[arg(long, default_value = "2GB", value_parser = parse_memory, conflicts_with = "edges")]
    pub memory: usize,
    /// Threads; all cores by default. Results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Of a study: the cache of earlier runs, read where it is there; nothing is added to it.
    #[arg(long, value_name = "DIR", default_value = "results/cache", conflicts_with = "edges")]
    pub cache: PathBuf,
    /// Of a study: parse every file.
    #[arg(long, conflicts_with_all = ["cache", "edges"])]
    pub no_cache: bool,
}

// What goes with a list of edges.
#[derive(Debug, Args)]
pub(super) struct InfluenceOfEdges {
    /// The list of edges: CSV, TSV or Parquet.
    #[arg(long, value_name = "FILE", required_unless_present = "study", requires_all = ["from", "to", "Rule"])]
    pub edges: Option<PathBuf>,
    /// The column of the node that passes on.
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub from: Option<String>,
    /// The column of the node that is passed to.
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub to: Option<String>,
    #[command(flatten)]
    pub rule: Rule,
    /// Every edge leads both ways, as friendships do.
    #[arg(long, requires = "edges", conflicts_with = "kind")]
    pub undirected: bool,
    /// A column that says what each edge is: referral, invitation (that was taken up), friendship (leads both ways) or declined (an
    /// invitation without success, which makes no edge).
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub kind: Option<String>,
    /// Choose so many nodes to start with.
    #[arg(long, value_name = "K", default_value_t = 0, conflicts_with = "study")]
    pub seeds: usize,
    /// Sets to sample where reach is not exact, and shortest ways where betweenness is not.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = parse_samples, conflicts_with = "study")]
    pub samples: usize,
    /// How the word passes.
    #[arg(long, value_enum, default_value_t = Spread::Cascade, conflicts_with = "study")]
    pub model: Spread,
    /// Stop sampling once standard errors are this share of reach, or of betweenness (root mean square), such as 0.02.
    #[arg(long, value_name = "SE", requires = "edges")]
    pub stop_at: Option<f64>,
    /// The column of each edge's date (or instant, whose day counts), from which it is learned how soon the word passes.
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub time: Option<String>,
    /// With --time: tell reach within so many days.
    #[arg(long, value_name = "DAYS,...", value_delimiter = ',', requires = "time", default_values_t = [30, 90, 365],
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub within: Vec<u32>,
    /// Further measures of each node.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "MEASURE,...", requires = "edges")]
    pub measures: Vec<NodeMeasures>,
    /// PageRank follows edges in proportion to this column (at least 0) and not all alike.
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub weight: Option<String>,
    /// The probability with which PageRank follows an edge and does not start anew; 0.85 by default.
    #[arg(long, value_name = "D", value_parser = parse_damping, conflicts_with = "study")]
    pub damping: Option<f64>,
    /// PageRank starts anew at these nodes only: who is near to them.
    #[arg(long, value_name = "NODE,...", value_parser = parse_names, requires = "edges")]
    pub restart: Vec<Names>,
    /// State what share of the best possible choice the seeds are guaranteed, with what probability, and what other choices reach.
    #[arg(long, requires = "edges")]
    pub bound: bool,
}

/// Where an edge's probability comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Rule {
    /// A column of probabilities (0-1).
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub probability: Option<String>,
    /// One probability (0-1) for all edges.
    #[arg(long, value_name = "P", requires = "edges")]
    pub uniform: Option<f64>,
    /// One over the number of edges into the node.
    #[arg(long, requires = "edges")]
    pub weighted_cascade: bool,
}

/// Replicates and noise drivers: each holds a row of results until the end.
const REPLICATES_MAX: usize = 1_000_000;

fn replicates(text: &str) -> Result<usize, String> {
    let wanted = text.parse().ok().filter(|&wanted| wanted <= REPLICATES_MAX);
    wanted.ok_or_else(|| format!("give a whole number of at most {REPLICATES_MAX}"))
}

fn parse_damping(text: &str) -> Result<f64, String> {
    let damping = text.parse().ok().filter(|damping| (0.0..1.0).contains(damping));
    damping.ok_or_else(|| "give a number that is at least 0 and below 1".to_owned())
}

fn parse_samples(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a whole number of at least 1".to_owned()),
        Ok(samples) => Ok(samples),
    }
}

/// At least 10 MB.
fn parse_bytes(text: &str) -> Result<usize, String> {
    let bytes = parse_memory(text)?;
    if bytes < 10_000_000 { Err("at least 10MB are needed".to_owned()) } else { Ok(bytes) }
}

/// `2GB`, `500MB`, `64000000`; decimal multiples. How much a join needs is said before it is made.
fn parse_memory(text: &str) -> Result<usize, String> {
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.trim_end_matches(|sign: char| sign.is_ascii_alphabetic()).trim();
    let factor = match upper[digits.len()..].trim() {
        "" | "B" => 1_usize,
        "K" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        _ => return Err("give a size such as 2GB or 500MB".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "give a size such as 2GB or 500MB".to_owned())?;
    Ok(number.checked_mul(factor).ok_or("that is more than this machine can address")?)
}

/// Groups of drivers as the command line names them.
#[derive(Debug, Clone)]
pub(super) struct Groups(pub Vec<DriverGroup>);

/// `service=A,B;product=C`.
fn parse_groups(text: &str) -> Result<Groups, String> {
    let parts = parted(text, ';')?;
    let groups: Result<Vec<DriverGroup>, String> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, drivers) = part.split_once('=').ok_or_else(|| {
                format!("`{part}` names no drivers; write a group as service=A,B and part groups with ;")
            })?;
            let drivers = cells(drivers)?.into_iter().filter(|name| !name.is_empty()).collect();
            Ok(DriverGroup { name: name.trim().to_owned(), drivers })
        })
        .collect();
    let groups = groups?;
    if groups.is_empty() {
        Err("no group is named; write them as service=A,B;product=C".to_owned())
    } else {
        Ok(Groups(groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(parse_bytes("500 mb"), Ok(500_000_000));
        assert!(parse_bytes("2TBB").is_err() && parse_bytes("").is_err() && parse_bytes("1KB").is_err());
    }
}
