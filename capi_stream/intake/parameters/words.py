"""The words that the rules of `normalize` look up: states, provinces, countries, genders, currencies.

Names stand as they are compared: lowercase letters and nothing else. Each table is a text of `word=code` pairs.
"""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    """`a=x b=y` as {"a": "x", "b": "y"}."""
    words = text.replace("=", " ").split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _words(text: str) -> frozenset[str]:
    """`a b` as {"a", "b"}."""
    return frozenset(text.split())


STATE_CODES = _pairs("""
    alabama=al alaska=ak arizona=az arkansas=ar california=ca colorado=co connecticut=ct delaware=de florida=fl
    georgia=ga hawaii=hi idaho=id illinois=il indiana=in iowa=ia kansas=ks kentucky=ky louisiana=la maine=me
    maryland=md massachusetts=ma michigan=mi minnesota=mn mississippi=ms missouri=mo montana=mt nebraska=ne
    nevada=nv newhampshire=nh newjersey=nj newmexico=nm newyork=ny northcarolina=nc northdakota=nd ohio=oh
    oklahoma=ok oregon=or pennsylvania=pa rhodeisland=ri southcarolina=sc southdakota=sd tennessee=tn texas=tx
    utah=ut vermont=vt virginia=va washington=wa westvirginia=wv wisconsin=wi wyoming=wy

    ontario=on quebec=qc britishcolumbia=bc alberta=ab saskatchewan=sk manitoba=mb novascotia=ns newbrunswick=nb
    princeedwardisland=pe newfoundlandandlabrador=nl yukon=yt northwestterritories=nt nunavut=nu
""")
"""The English names of the 50 states of the USA and of Canada's 13 provinces and territories."""

COUNTRY_OF_ALPHA_3 = _pairs("""
    abw=aw afg=af ago=ao aia=ai ala=ax alb=al and=ad are=ae arg=ar arm=am asm=as ata=aq atf=tf atg=ag aus=au aut=at
    aze=az bdi=bi bel=be ben=bj bes=bq bfa=bf bgd=bd bgr=bg bhr=bh bhs=bs bih=ba blm=bl blr=by blz=bz bmu=bm bol=bo
    bra=br brb=bb brn=bn btn=bt bvt=bv bwa=bw caf=cf can=ca cck=cc che=ch chl=cl chn=cn civ=ci cmr=cm cod=cd cog=cg
    cok=ck col=co com=km cpv=cv cri=cr cub=cu cuw=cw cxr=cx cym=ky cyp=cy cze=cz deu=de dji=dj dma=dm dnk=dk dom=do
    dza=dz ecu=ec egy=eg eri=er esh=eh esp=es est=ee eth=et fin=fi fji=fj flk=fk fra=fr fro=fo fsm=fm gab=ga gbr=gb
    geo=ge ggy=gg gha=gh gib=gi gin=gn glp=gp gmb=gm gnb=gw gnq=gq grc=gr grd=gd grl=gl gtm=gt guf=gf gum=gu guy=gy
    hkg=hk hmd=hm hnd=hn hrv=hr hti=ht hun=hu idn=id imn=im ind=in iot=io irl=ie irn=ir irq=iq isl=is isr=il ita=it
    jam=jm jey=je jor=jo jpn=jp kaz=kz ken=ke kgz=kg khm=kh kir=ki kna=kn kor=kr kwt=kw lao=la lbn=lb lbr=lr lby=ly
    lca=lc lie=li lka=lk lso=ls ltu=lt lux=lu lva=lv mac=mo maf=mf mar=ma mco=mc mda=md mdg=mg mdv=mv mex=mx mhl=mh
    mkd=mk mli=ml mlt=mt mmr=mm mne=me mng=mn mnp=mp moz=mz mrt=mr msr=ms mtq=mq mus=mu mwi=mw mys=my myt=yt nam=na
    ncl=nc ner=ne nfk=nf nga=ng nic=ni niu=nu nld=nl nor=no npl=np nru=nr nzl=nz omn=om pak=pk pan=pa pcn=pn per=pe
    phl=ph plw=pw png=pg pol=pl pri=pr prk=kp prt=pt pry=py pse=ps pyf=pf qat=qa reu=re rou=ro rus=ru rwa=rw sau=sa
    sdn=sd sen=sn sgp=sg sgs=gs shn=sh sjm=sj slb=sb sle=sl slv=sv smr=sm som=so spm=pm srb=rs ssd=ss stp=st sur=sr
    svk=sk svn=si swe=se swz=sz sxm=sx syc=sc syr=sy tca=tc tcd=td tgo=tg tha=th tjk=tj tkl=tk tkm=tm tls=tl ton=to
    tto=tt tun=tn tur=tr tuv=tv twn=tw tza=tz uga=ug ukr=ua umi=um ury=uy usa=us uzb=uz vat=va vct=vc ven=ve vgb=vg
    vir=vi vnm=vn vut=vu wlf=wf wsm=ws yem=ye zaf=za zmb=zm zwe=zw
""")
"""ISO 3166-1: each assigned alpha-3 code and its alpha-2 code."""

COUNTRY_CODES = frozenset(COUNTRY_OF_ALPHA_3.values())
"""The assigned alpha-2 codes. `uk`, `eu` and `xk` are none."""

COUNTRY_OF_NAME = _pairs("""
    unitedstates=us usa=us ind=in afghanistan=af alandislands=ax albania=al algeria=dz americansamoa=as andorra=ad
    angola=ao anguilla=ai antarctica=aq antiguaandbarbuda=ag argentina=ar armenia=am aruba=aw australia=au
    austria=at azerbaijan=az bahamas=bs bahrain=bh bangladesh=bd barbados=bb belarus=by belgium=be belize=bz
    benin=bj bermuda=bm bhutan=bt boliviaplurinationalstateof=bo bolivia=bo bonairesinteustatinsandsaba=bq
    bosniaandherzegovina=ba botswana=bw bouvetisland=bv brazil=br britishindianoceanterritory=io bruneidarussalam=bn
    brunei=bn bulgaria=bg burkinafaso=bf burundi=bi cambodia=kh cameroon=cm canada=ca capeverde=cv caymanislands=ky
    centralafricanrepublic=cf chad=td chile=cl china=cn christmasisland=cx cocoskeelingislands=cc colombia=co
    comoros=km congo=cg congothedemocraticrepublicofthe=cd democraticrepublicofthecongo=cd cookislands=ck
    costarica=cr cotedivoire=ci ivorycoast=ci croatia=hr cuba=cu curacao=cw cyprus=cy czechrepublic=cz denmark=dk
    djibouti=dj dominica=dm dominicanrepublic=do ecuador=ec egypt=eg elsalvador=sv equatorialguinea=gq eritrea=er
    estonia=ee ethiopia=et falklandislandsmalvinas=fk faroeislands=fo fiji=fj finland=fi france=fr frenchguiana=gf
    frenchpolynesia=pf frenchsouthernterritories=tf gabon=ga gambia=gm georgia=ge germany=de ghana=gh gibraltar=gi
    greece=gr greenland=gl grenada=gd guadeloupe=gp guam=gu guatemala=gt guernsey=gg guinea=gn guineabissau=gw
    guyana=gy haiti=ht heardislandandmcdonaldislands=hm holyseevaticancitystate=va vatican=va honduras=hn
    hongkong=hk hungary=hu iceland=is india=in indonesia=id iranislamicrepublicof=ir iran=ir iraq=iq ireland=ie
    isleofman=im israel=il italy=it jamaica=jm japan=jp jersey=je jordan=jo kazakhstan=kz kenya=ke kiribati=ki
    koreademocraticpeoplesrepublicof=kp northkorea=kp korearepublicof=kr southkorea=kr kuwait=kw kyrgyzstan=kg
    laopeoplesdemocraticrepublic=la laos=la latvia=lv lebanon=lb lesotho=ls liberia=lr libya=ly liechtenstein=li
    lithuania=lt luxembourg=lu macao=mo macedoniatheformeryugoslavrepublicof=mk macedonia=mk madagascar=mg malawi=mw
    malaysia=my maldives=mv mali=ml malta=mt marshallislands=mh martinique=mq mauritania=mr mauritius=mu mayotte=yt
    mexico=mx micronesiafederatedstatesof=fm micronesia=fm moldovarepublicof=md moldova=md monaco=mc mongolia=mn
    montenegro=me montserrat=ms morocco=ma mozambique=mz myanmar=mm namibia=na nauru=nr nepal=np netherlands=nl
    newcaledonia=nc newzealand=nz nicaragua=ni niger=ne nigeria=ng niue=nu norfolkisland=nf
    northernmarianaislands=mp norway=no oman=om pakistan=pk palau=pw palestinestateof=ps palestine=ps panama=pa
    papuanewguinea=pg paraguay=py peru=pe philippines=ph pitcairn=pn poland=pl portugal=pt puertorico=pr qatar=qa
    reunion=re romania=ro russianfederation=ru russia=ru rwanda=rw saintbarthelemy=bl
    sainthelenaascensionandtristandacunha=sh saintkittsandnevis=kn saintlucia=lc saintmartinfrenchpart=mf
    saintpierreandmiquelon=pm saintvincentandthegrenadines=vc samoa=ws sanmarino=sm saotomeandprincipe=st
    saudiarabia=sa senegal=sn serbia=rs seychelles=sc sierraleone=sl singapore=sg sintmaartenductchpart=sx
    slovakia=sk slovenia=si solomonislands=sb somalia=so southafrica=za southgeorgiaandthesouthsandwichislands=gs
    southsudan=ss spain=es srilanka=lk sudan=sd suriname=sr svalbardandjanmayen=sj eswatini=sz swaziland=sz
    sweden=se switzerland=ch syrianarabrepublic=sy syria=sy taiwanprovinceofchina=tw taiwan=tw tajikistan=tj
    tanzaniaunitedrepublicof=tz tanzania=tz thailand=th timorleste=tl easttimor=tl togo=tg tokelau=tk tonga=to
    trinidadandtobago=tt tunisia=tn turkey=tr turkmenistan=tm turksandcaicosislands=tc tuvalu=tv uganda=ug
    ukraine=ua unitedarabemirates=ae unitedkingdom=gb unitedstatesofamerica=us unitedstatesminoroutlyingislands=um
    uruguay=uy uzbekistan=uz vanuatu=vu venezuelabolivarianrepublicof=ve venezuela=ve vietnam=vn
    virginislandsbritish=vg virginislandsus=vi wallisandfutuna=wf westernsahara=eh yemen=ye zambia=zm zimbabwe=zw
""")
"""English names as Meta's parameter builder knows them, its slips included (`sintmaartenductchpart`)."""

MALE = _words("""
    man male boy gentleman guy sir mister mr son father dad daddy papa uncle nephew brother husband boyfriend groom
    widower king prince duke count emperor god lord lad fellow chap bloke dude he him his himself m
""")
FEMALE = _words("""
    woman female girl lady miss ms mrs madam ma'am daughter mother mom mama mommy aunt niece sister wife girlfriend
    bride widow queen princess duchess countess empress goddess maiden lass gal chick dame belle she her hers
    herself f
""")
"""The words that Meta's parameter builder reads as a gender."""

CURRENCIES = _words("""
    aed afn all amd aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob bov brl bsd btn bwp byn bzd cad cdf che chf
    chw clf clp cny cop cou crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd
    hkd hnl htg huf idr ils inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd
    mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn mxv myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln
    pyg qar ron rsd rub rwf sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt tnd top try ttd
    twd tzs uah ugx usd usn uyi uyu uyw uzs ved ves vnd vuv wst xad xaf xag xau xba xbb xbc xbd xcd xcg xdr xof xpd
    xpf xpt xsu xts xua xxx yer zar zmw zwg
""")
"""ISO 4217, list one (current currencies, funds and metals), lowercase."""
