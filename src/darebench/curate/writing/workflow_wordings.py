"""Wordings of an IF question, step by step.

Short alternatives in brackets keep two questions from sharing long sequences of words. What each
wording must let through is what `darebench.instructions.reader` looks for: every task's question
is read back before it is kept.
"""

from __future__ import annotations

AIMS = (
    "[Build|Set up|Make|Create] a {kind} workflow for the {target} [exactly as|just as|precisely "
    "as] [laid out|set out|described|specified] [below|here].",
    "This is a {kind} [task|exercise|assignment]: predict the {target}, [one step after the "
    "other|to the letter], as [told|written|stated] [below|here].",
    "We [need|want] a reproducible {kind} model of the {target}, [made|built|fitted] [strictly as "
    "told|by the steps below|by this recipe].",
    "What follows is [a recipe|a protocol|the plan] for a {kind} model that predicts the {target}; "
    "[keep to it|follow it closely|do not depart from it].",
    "The {target} is to be predicted by a {kind} pipeline [whose steps|of which all parts] are "
    "[fixed|given in full|fully specified] [below|here].",
    "Your [job|task|goal] is a {kind} of the {target}; [every detail|each step|each choice] "
    "[below matters|counts].",
    "[Carry out|Run|Reproduce|Execute] the {kind} procedure [below|that follows] [to the "
    "letter|without changes|as it stands]; it [predicts|estimates] the {target}.",
    "[Please train|Train] a {kind} model [for|of] the {target}; [all choices are made already|the "
    "choices are ours, the work is yours|nothing is left open].",
)
FILES = (
    "[Train|Learn] [on|from] `{train}`, predict [the rows of|every row of] `{val}`, and [look "
    "columns up|find the columns described] in `{meta}`.",
    "`{train}` is the training [file|set], `{val}` [holds|has|contains] the rows to predict, and "
    "`{meta}` [describes|explains|documents] the columns.",
    "There are three files: training rows in `{train}`, rows [without a target|to predict] in "
    "`{val}`, [a description of the columns|column descriptions] in `{meta}`.",
    "You [get|are given] `{train}` [to train on|for training], `{val}` [to predict|for prediction] "
    "and `{meta}`, [which|a text that] [describes|explains] the columns.",
    "The columns of `{train}` (training) and `{val}` (to be predicted) are "
    "[described|explained|documented] in `{meta}`.",
    "Training rows [are|stand] in `{train}`; `{val}` [lacks the target|comes without the target] "
    "and is [what you predict|to be predicted]; [see|consult] `{meta}` for the columns.",
)
JOINED = (
    "The training file [holds|contains|consists of] several tables; join them on `row_id` "
    "[first|before anything else].",
    "As `{train}` is split into tables, [merge|join] [all of them|them all] [on|by] `row_id`.",
    "[Merge|Join|Combine] the tables [inside|in|of] the training file [on|by] `row_id` [to "
    "get|into] one table.",
    "[One|A single] training table results from joining [all|the] tables of `{train}` [on|by] "
    "`row_id`.",
)
EMPTY = (
    "[Nothing but|Only] [empty fields|an empty field] or [NULL|a NULL] [counts as|is] missing.",
    "A value is missing [only if|only where] [its field|the field] is empty or NULL; [words such "
    "as NA are values|text such as NA is a value].",
    "[Read|Load|Take] [empty fields|blank fields] and NULL as missing[, and nothing else|, but no "
    "other text].",
    "[Texts|Strings] like NA or none are [values|ordinary values]; missing [is|are] only empty "
    "[fields|cells] and NULL.",
    "[What counts as missing|Missing] is [an empty field|a blank cell] or NULL, [nothing "
    "more|nothing else].",
)
FILTERS = (
    "[Some|A few|A number of] training rows are [corrupt|faulty|wrong]: [drop|remove|discard] "
    "[each one|every one|any] [in which|where] a known value breaks one of [these rules|the rules "
    "here], and keep rows whose values are missing. [Rules|The rules]: {rules}.",
    "[Clean the training data first|First clean the training data]. [Remove|Drop|Discard] "
    "[each|every|any] training row [that has|with] a known value [outside|beyond] what is "
    "[expected|allowed] here; a row is not [removed|dropped] for a missing value. "
    "[Expected|Allowed]: {rules}.",
    "[Before|Ahead of] training, a row [stays|is kept] [only if|only where] each of its known "
    "values is [as expected|acceptable|valid], and missing values [are accepted|do no harm|pass]. "
    "[The expectations are|What is expected|Valid is]: {rules}.",
    "[Filter|Screen] the training rows by [what is plausible|these limits|the limits given here]: "
    "{rules}. A row [goes|is dropped|is removed] [as soon as|when|if] one known value [lies "
    "outside|violates its limit|is off limits]; where a value is missing, [it does not count "
    "against its row|the row is not blamed for it].",
    "The training file [contains|includes|has] [bad|broken|invalid] rows. [Valid rows|Good rows] "
    "[satisfy|meet|fulfil] all of the following[, missing values aside|, as far as their values "
    "are known]: {rules}. [The others are dropped|Drop the others|All others go].",
    "[Expected|Permitted|Plausible] values are [as follows|these]: {rules}. [Throw "
    "out|Discard|Drop] training rows that [contradict|violate] [any of them|one of them] [by|with] "
    "a known value, [but|though] never [because of|for] a missing one.",
    "[Errors|Mistakes] were [put|planted] [in|into] the training rows and must be [found|weeded "
    "out]. [Take out|Delete] [whatever row|any row that] has a known value which [does not "
    "fit|departs from] the list: {rules}. Rows [with gaps|with unknown values] [remain|may stay].",
)
UNLABELLED = (
    "[Some|A few] training rows had their target [removed|taken out] at random.",
    "The target of [some|a few] training rows, drawn at random, was [taken out|removed].",
)
TARGETLESS = (
    "Rows without a target are dropped [as well|too].",
    "Also [leave out|drop] [training rows|rows] [without a target|that lack the target].",
    "[Training rows|Rows] whose target is [missing|empty] [go too|are of no use: drop them].",
)
REMOVED = (
    "In both files, some numbers were [removed|taken out] at random and are [missing|empty] now.",
    "[Some|A few] numbers of both files were [taken out|removed] at random; they are missing "
    "values now.",
)
SELECTS = (
    "[Select|Pick|Choose] [these features|the following features|these columns as features] in "
    "this order: {features}.",
    "[Use|Take] only the following [features|columns] for training, in [exactly this|this very] "
    "order: {features}.",
    "Keep only these [features|predictors], in the [given|stated|listed] order: {features}.",
    "Select the following [predictors|columns] as features and [keep|preserve|respect] their "
    "order: {features}.",
    "The model [may only see|may only use] [these features|these columns], in [this|the following] "
    "order: {features}.",
    "[Restrict|Limit] the predictors to the following [features|columns], in this order: "
    "{features}.",
    "The selected features are, in [this order|order|the order to keep]: {features}.",
    "Only the following [features|predictors] [enter the model|are used], in [this|exactly this] "
    "order: {features}.",
)
KIND_OF_ALL = (
    "All of [these|them] are {kind}.",
    "Every one of them is {kind}.",
    "[Treat|Handle|Consider] all of [them|these] as {kind}.",
    "These are all {kind} [columns|features].",
)
KIND_OF_SOME = (
    "Treat {names} as {kind}[| features| columns].",
    "Consider {names} {kind}.",
    "Handle {names} as {kind} [columns|features].",
    "[Regard|Use] {names} as {kind}[| features| columns].",
)
KIND_OF_REST = (
    "The [rest|remaining ones|others] are {kind}.",
    "All [remaining|other] features are {kind}.",
    "[Treat|Handle|Consider] the [rest|others|remaining features] as {kind}.",
)
IMPUTES = (
    "[Impute|Fill] missing numeric values with the {imputer} and missing categorical values with "
    "the most frequent one.",
    "Missing numeric values are [imputed|filled|replaced] [with|by] the {imputer}, missing "
    "categorical ones [with|by] the most frequent value.",
    "[Fill|Replace] gaps [in numeric columns|of numeric features] [by|with] the {imputer} [of the "
    "column|of what is known], [those in|those of] categorical [columns|features] by the most "
    "frequent [value|category].",
    "For missing values [take|use|put] the {imputer} of the training rows in numeric columns and "
    "the most frequent [category|value] in categorical [ones|columns].",
    "[As for missing values|Where values are missing]: numeric features [get|receive|take] the "
    "{imputer}, categorical features the most frequent [category|value].",
    "Imputation [is by|uses|goes by] the {imputer} for numeric features and the most frequent "
    "category for [categorical ones|the categorical ones|the others].",
)
IMPUTES_ALIKE = (
    "[Impute|Fill|Replace] missing values [with|by] the {imputer} of their column.",
    "Missing values are [imputed|filled|replaced] [with|by] the {imputer} of [the|their] column.",
    "[Where a value is missing|For a missing value], [take|use|put in] the column's {imputer}.",
    "[Gaps|Missing entries] [get|receive] the {imputer} [of their column|of the column].",
    "Imputation [is by|uses|goes by] the {imputer} [of each column|column by column].",
)
PREPARES = (
    "[Then scale|Scale] the numeric block with {scaler}, encode the categorical block with "
    "{encoder}, and put the numeric block first.",
    "[Then|Next|After that] scale the numeric block ({scaler}) and encode the categorical block "
    "({encoder}), the numeric block [before the other|first].",
    "{scaler} [scales|is applied to] the numeric block and {encoder} [encodes|is applied to] the "
    "categorical block; the numeric block [comes|goes|stands] [first|before the other].",
    "[In the model's input|Among the model's columns], the numeric block, [scaled with|scaled by] "
    "{scaler}, [comes|stands] [first|at the front]; [behind it|then] [comes|stands] the "
    "categorical block, encoded with {encoder}.",
    "[Transform|Preprocess] the two blocks apart, numeric [first|before categorical]: {scaler} for "
    "scaling, {encoder} for encoding.",
)
SCALES = (
    "[Then scale|Scale|Next, scale] [the features|all features|them all] with {scaler}.",
    "[All features|The features] are [then |]scaled [with|by] {scaler}.",
    "{scaler} [scales|is applied to] [the features|all features].",
)
ENCODES = (
    "[Then encode|Encode|Next, encode] [the features|all features|them all] with {encoder}.",
    "[All features|The features] are [then |]encoded [with|by] {encoder}.",
    "Encoding [is by|uses] {encoder}.",
)
ENCODERS = {
    "OneHotEncoder": "OneHotEncoder ([unknown categories ignored, dense output|handle_unknown set "
    "to ignore, sparse_output to False|ignoring unknown categories, not sparse])",
    "OrdinalEncoder": "OrdinalEncoder (handle_unknown [set to|as] use_encoded_value, unknown_value "
    "-1)",
}
FITS = (
    "[Fit|Train] scikit-learn's {model} with random_state {seed} and [defaults otherwise|all else "
    "at its default|otherwise default settings].",
    "The model is {model} [of|from] scikit-learn; set random_state to {seed} and [leave|keep] "
    "everything else at its default.",
    "[Train|Fit] {model} [of|from] scikit-learn, random_state = {seed}, [nothing else changed|the "
    "rest at its defaults].",
    "[The estimator is|As estimator, take] scikit-learn's {model}, [created|made] with "
    "random_state={seed} and no other argument.",
    "{model} of scikit-learn (random_state={seed}, [defaults apart from that|all other parameters "
    "at their defaults]) is [fitted|trained][| on the result].",
)
FITS_SEEDLESS = (
    "[Fit|Train] scikit-learn's {model} [with its defaults|with default settings|as it comes].",
    "The model is {model} [of|from] scikit-learn; [leave|keep] everything at its default.",
    "[Train|Fit] {model} [of|from] scikit-learn, nothing changed.",
    "[The estimator is|As estimator, take] scikit-learn's {model}, [created|made] without "
    "arguments.",
    "{model} of scikit-learn (all parameters at their defaults) is [fitted|trained].",
)
SAVES = (
    "Save `{out}` with `row_id` and the predicted {target}.",
    "[Write|Put] `row_id` and your predictions of the {target} [to|into] `{out}`.",
    "The [result|outcome] is `{out}`: `row_id` and the {target}, one line for each row to predict.",
    "Predict every row of `{val}` [and|, then] [save|store|write] `row_id` and the {target} "
    "[as|in|to] `{out}`.",
    "`{out}` [holds|must hold|has to contain] `row_id`, as in `{val}`, beside the predicted "
    "{target}.",
)
RANGES = (
    "{name} between {low} and {high}",
    "{name} from {low} to {high}",
    "{name} at least {low} and at most {high}",
    "{name} no less than {low} and no more than {high}",
    "{name} within {low} to {high}",
)
CHOICES = ("{name} one of {values}", "{name} among {values}", "{name} either of {values}")
HEADINGS = (
    ("Task", "Training rows", "Features", "Model", "Result"),
    ("Aim and files", "Cleaning", "Columns", "Learning", "Output"),
    ("Goal", "Data", "Inputs", "Fitting", "What to hand in"),
)
